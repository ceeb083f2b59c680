#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <limits>
#include <map>

#include "AxiWriter.h"
#include "clocked.h"

namespace {

constexpr std::uint32_t burst = 64;
constexpr std::uint64_t wordBytes = 16;

/// What an AXI slave sees and checks.
struct Memory {
    struct Burst {
        std::uint64_t address;
        std::uint32_t left;
        bool failed;
    };
    std::deque<Burst> requests;
    std::deque<bool> answers;  ///< failed
    std::map<std::uint64_t, std::uint64_t> words;
    std::uint64_t failsFrom = std::numeric_limits<std::uint64_t>::max();
    std::uint32_t stall = 2;
    std::uint32_t answerStall = 2;
    std::uint64_t written = 0;
    std::uint64_t held = 0;  ///< wdata of a beat that was not taken
    bool holding = false;

    void offer(Clocked<AxiWriter>& w, Chance& chance) {
        w->awready_i = stall == 1 || !chance.in(stall);
        w->wready_i = !requests.empty() && (stall == 1 || !chance.in(stall));
        w->bvalid_i = !answers.empty() && chance.in(answerStall);
        if (w->bvalid_i) w->bresp_i = answers.front() ? 2 : 0;
    }
    void take(Clocked<AxiWriter>& w) {
        std::uint64_t data = 0;
        std::memcpy(&data, &w->wdata_o, sizeof data);
        if (holding) {
            ASSERT_TRUE(w->wvalid_o);
            ASSERT_EQ(data, held);
        }
        holding = w->wvalid_o && !w->wready_i;
        held = data;
        ASSERT_EQ(w->wrote_o, w->wvalid_o && w->wready_i && w->wstrb_o != 0);
        if (w->bvalid_i) answers.pop_front();
        if (w->wvalid_o && w->wready_i) {
            Burst& b = requests.front();
            ASSERT_TRUE(w->wstrb_o == 0 || w->wstrb_o == 0xFFFF);
            if (w->wstrb_o != 0) {
                if (b.address >= failsFrom)
                    b.failed = true;
                else
                    words[b.address] = data;
                ++written;
            }
            b.address += wordBytes;
            ASSERT_EQ(w->wlast_o, b.left == 1);
            if (--b.left == 0) {
                answers.push_back(b.failed);
                requests.pop_front();
            }
        }
        if (w->awvalid_o && w->awready_i) {
            const std::uint64_t first = w->awaddr_o / wordBytes;
            const std::uint32_t length = w->awlen_o + 1U;
            ASSERT_LE(length, burst);
            ASSERT_EQ(first / burst, (first + length - 1) / burst) << "crosses a boundary";
            requests.push_back({w->awaddr_o, length, false});
            ASSERT_LE(requests.size() + answers.size(), 8U) << "more under way than it can tell apart";
        }
    }
};

TEST(AxiWriter, WritesRunsReportsTheBurstThatFailedAndStopsAnywhere) {
    Clocked<AxiWriter> writer;
    Chance chance(6);
    int stopped = 0;
    int failures = 0;
    for (int round = 0; round < 200; ++round) {
        Memory memory;
        memory.stall = chance.between(1, 4);
        memory.answerStall = chance.in(3) ? 200 : chance.between(1, 4);  // so slow that all bursts are under way
        const std::uint64_t first = chance.bits64() >> 8;
        const std::uint32_t count = chance.in(3) ? chance.between(1, 1200) : chance.between(1, 10);
        const std::uint32_t dataStall = chance.between(1, 3);
        const std::uint32_t failing = chance.in(4) ? chance.below(count) : count;
        if (failing < count) memory.failsFrom = (first + failing) * wordBytes;
        const std::uint32_t stopAt = chance.in(4) ? chance.below(count) : count;

        writer->clear_i = 1;
        writer->start_i = 1;
        writer->address_i = first;
        writer->words_i = count;
        writer->stop_i = 0;
        writer->valid_i = 0;
        writer->bvalid_i = 0;
        writer.edge();
        writer->clear_i = 0;
        writer->start_i = 0;
        std::uint32_t given = 0;
        for (int cycles = 0; !writer->idle_o || given < stopAt; ++cycles) {
            ASSERT_LT(cycles, 20000) << "hangs";
            writer->stop_i = given >= stopAt && stopAt < count;
            writer->valid_i = given < count && (dataStall == 1 || !chance.in(dataStall));
            const std::uint64_t value = first * 3 + given;
            std::memcpy(&writer->data_i, &value, sizeof value);
            memory.offer(writer, chance);
            writer.settle();
            memory.take(writer);
            if (writer->valid_i && writer->ready_o) ++given;
            writer.edge();
        }
        ASSERT_EQ(given, stopAt);
        ASSERT_EQ(memory.written, given);
        ASSERT_TRUE(memory.requests.empty() && memory.answers.empty());
        for (std::uint32_t n = 0; n < std::min(given, failing); ++n)
            ASSERT_EQ(memory.words.at((first + n) * wordBytes), first * 3 + n);
        ASSERT_EQ(memory.words.size(), std::min(given, failing));
        ASSERT_EQ(writer->failed_o, failing < given);
        if (failing < given) {
            const std::uint64_t boundary = (first + failing) / burst * burst;
            ASSERT_EQ(writer->failed_address_o, std::max(first, boundary));
        }
        stopped += stopAt < count;
        failures += failing < given;
        if (chance.in(8)) writer.reset();
    }
    EXPECT_GT(stopped, 10);
    EXPECT_GT(failures, 10);
}

TEST(AxiWriter, TakesNearlyAWordACycle) {
    Clocked<AxiWriter> writer;
    Chance chance(7);
    Memory memory;
    memory.stall = memory.answerStall = 1;
    writer->start_i = 1;
    writer->address_i = 0;
    writer->words_i = 2000;
    writer.edge();
    writer->start_i = 0;
    writer->valid_i = 1;
    int cycles = 0;
    for (; !writer->idle_o; ++cycles) {
        memory.offer(writer, chance);
        writer.settle();
        memory.take(writer);
        writer.edge();
    }
    EXPECT_EQ(memory.written, 2000U);
    EXPECT_LT(cycles, 2200);
}

}  // namespace
