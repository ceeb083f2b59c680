#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <deque>
#include <limits>

#include "InstructionFetch.h"
#include "InstructionFetchNarrow.h"
#include "accelerator_interface.h"
#include "clocked.h"

namespace {

using ternion::fpga::AcceleratorError;

/// What an instruction at a byte address is made of.
std::array<std::uint32_t, 4> instructionAt(std::uint64_t address) {
    const auto low = static_cast<std::uint32_t>(address);
    return {low, static_cast<std::uint32_t>(address >> 32), ~low, low * 7};
}

template <typename Model>
struct Wide {
    static constexpr std::uint64_t wordBytes = sizeof(std::declval<Model&>().response_data_i);
};

template <typename Model>
struct InstructionFetchBench : testing::Test {};
using Models = testing::Types<InstructionFetch, InstructionFetchNarrow>;
TYPED_TEST_SUITE(InstructionFetchBench, Models);

TYPED_TEST(InstructionFetchBench, GivesTheProgramThenTheReasonWhyItEnds) {
    constexpr std::uint64_t wordBytes = Wide<TypeParam>::wordBytes;
    Clocked<TypeParam> fetch;
    Chance chance(22);
    std::map<int, int> ends;
    for (int round = 0; round < 200; ++round) {
        std::uint64_t program = (chance.bits64() >> 20) * wordBytes;
        const std::uint32_t length = chance.in(3) ? chance.below(6) : chance.below(300);
        const std::uint64_t words = (length * 16 + wordBytes - 1) / wordBytes;
        std::uint64_t limit = std::numeric_limits<std::uint64_t>::max() / wordBytes;
        std::uint64_t failsFrom = std::numeric_limits<std::uint64_t>::max();
        // The end that is expected: at which instruction, why, and with which address.
        std::uint32_t given = length;
        auto error = AcceleratorError::NoHalt;
        std::uint64_t errorAddress = 0;
        const std::uint32_t kind = chance.below(6);
        if (kind == 0) {
            program += chance.between(1, static_cast<std::uint32_t>(wordBytes) - 1);
            given = 0;
            error = AcceleratorError::BadAddress;
            errorAddress = program;
        } else if (words > 0 && kind <= 2) {
            const std::uint64_t word = chance.below(static_cast<std::uint32_t>(words));
            given = static_cast<std::uint32_t>(word * wordBytes / 16);
            errorAddress = program + word * wordBytes;
            if (kind == 1)
                limit = errorAddress / wordBytes;
            else
                failsFrom = errorAddress;
            error = kind == 1 ? AcceleratorError::BadAddress : AcceleratorError::ReadFailed;
        }
        const std::uint32_t stopAfter = chance.in(5) ? chance.below(given + 1) : given + 1;
        const std::uint32_t latency = chance.between(1, 60);
        const std::uint32_t takeStall = chance.between(1, 4);
        const std::uint32_t memoryStall = chance.between(1, 4);

        fetch->stop_i = 0;
        fetch->response_valid_i = 0;
        fetch->program_i = program;
        fetch->program_length_i = length;
        fetch->limit_i = limit;
        fetch->start_i = 1;
        fetch.edge();
        fetch->start_i = 0;

        struct Burst {
            std::uint64_t address;
            std::uint32_t left;
            int wait;
        };
        std::deque<Burst> bursts;
        const auto memoryOffers = [&] {
            for (Burst& b : bursts) --b.wait;
            fetch->response_valid_i =
                !bursts.empty() && bursts.front().wait <= 0 && (memoryStall == 1 || !chance.in(memoryStall));
            if (!fetch->response_valid_i) return;
            const Burst& b = bursts.front();
            for (std::uint64_t at = 0; at < wordBytes; at += 16) {
                const auto bits = instructionAt(b.address + at);
                std::memcpy(reinterpret_cast<char*>(&fetch->response_data_i) + at, bits.data(), sizeof bits);
            }
            fetch->response_last_i = b.left == 1;
            fetch->response_failed_i = b.address >= failsFrom;
        };
        const auto memoryTakes = [&] {
            if (fetch->response_valid_i) {
                bursts.front().address += wordBytes;
                if (--bursts.front().left == 0) bursts.pop_front();
            }
            if (fetch->request_valid_o && fetch->request_ready_i) {
                const std::uint64_t first = fetch->request_address_o;
                const std::uint32_t beats = fetch->request_length_o;
                ASSERT_GE(beats, 1U);
                ASSERT_EQ(first * wordBytes / 4096, ((first + beats) * wordBytes - 1) / 4096) << "crosses 4 KiB";
                ASSERT_GE(first * wordBytes, program);
                ASSERT_LE(first + beats, std::min(limit, program / wordBytes + words)) << "beyond limit or program";
                bursts.push_back({first * wordBytes, beats, static_cast<int>(latency)});
            }
        };

        std::uint32_t taken = 0;
        bool ended = false;
        int quiet = 0;
        while (!ended && taken < stopAfter) {
            fetch->request_ready_i = !chance.in(3);
            fetch->ready_i = takeStall == 1 || !chance.in(takeStall);
            memoryOffers();
            fetch.settle();
            if (fetch->valid_o) {
                if (fetch->error_o != 0) {
                    ASSERT_EQ(taken, given);
                    ASSERT_EQ(static_cast<AcceleratorError>(fetch->error_o), error);
                    ASSERT_EQ(fetch->error_address_o, errorAddress);
                    ++ends[fetch->error_o];
                    ended = true;
                } else {
                    ASSERT_LT(taken, given);
                    const auto expected = instructionAt(program + taken * 16ULL);
                    ASSERT_EQ(std::memcmp(&fetch->instruction_o, expected.data(), sizeof expected), 0) << taken;
                    taken += fetch->ready_i;
                }
            }
            quiet = fetch->valid_o ? 0 : quiet + 1;
            ASSERT_LT(quiet, 2000) << "hangs";
            ASSERT_NO_FATAL_FAILURE(memoryTakes());
            fetch.edge();
        }

        fetch->stop_i = 1;
        int cycles = 0;
        do {
            memoryOffers();
            fetch->ready_i = 0;
            fetch.settle();
            ASSERT_FALSE(fetch->request_valid_o);
            ASSERT_NO_FATAL_FAILURE(memoryTakes());
            fetch.edge();
            ASSERT_LT(++cycles, 2000);
        } while (!fetch->idle_o);
        EXPECT_TRUE(bursts.empty());
        if (chance.in(10)) fetch.reset();
    }
    EXPECT_GT(ends[static_cast<int>(AcceleratorError::NoHalt)], 10);
    EXPECT_GT(ends[static_cast<int>(AcceleratorError::BadAddress)], 10);
    EXPECT_GT(ends[static_cast<int>(AcceleratorError::ReadFailed)], 10);
}

}  // namespace
