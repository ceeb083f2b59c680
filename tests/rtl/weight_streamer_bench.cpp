#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <limits>
#include <vector>

#include <array>
#include "WeightStreamer.h"
#include "clocked.h"

namespace {

constexpr std::uint32_t fifoWords = 128;  // as tests/rtl/CMakeLists.txt makes it
constexpr std::uint32_t burst = 64;
constexpr std::uint64_t nowhere = std::numeric_limits<std::uint64_t>::max();

/// Memory whose words tell their address, in 128 bits.
struct Memory {
    struct Burst {
        std::uint64_t address;
        std::uint32_t left;
        int wait;
    };
    std::deque<Burst> bursts;
    std::uint64_t failsFrom = nowhere;
    std::uint32_t latency = 20;
    std::uint32_t stall = 1;  ///< one cycle in so many; 1: none
    std::uint32_t asked = 0;

    void offer(Clocked<WeightStreamer>& s, Chance& chance) {
        for (Burst& b : bursts) --b.wait;
        const bool ready = !bursts.empty() && bursts.front().wait <= 0 && (stall == 1 || !chance.in(stall));
        s->response_valid_i = ready;
        if (!ready) return;
        const std::uint64_t address = bursts.front().address;
        const std::array<std::uint64_t, 2> word{address, ~address};
        std::memcpy(&s->response_data_i, word.data(), sizeof word);
        s->response_last_i = bursts.front().left == 1;
        s->response_failed_i = address >= failsFrom;
    }
    /// Before the edge that takes them.
    void take(Clocked<WeightStreamer>& s) {
        if (s->response_valid_i) {
            ++bursts.front().address;
            if (--bursts.front().left == 0) bursts.pop_front();
        }
        if (s->request_valid_o && s->request_ready_i) {
            const std::uint64_t first = s->request_address_o;
            const std::uint32_t length = s->request_length_o;
            ASSERT_GE(length, 1U);
            ASSERT_LE(length, burst);
            ASSERT_EQ(first / burst, (first + length - 1) / burst) << "crosses a boundary";
            bursts.push_back({first, length, static_cast<int>(latency)});
            ASSERT_LE(bursts.size(), 16U) << "more under way than it can tell apart";
            asked += length;
        }
    }
};

struct Segment {
    std::uint64_t address;
    std::uint32_t words;
};

TEST(WeightStreamer, GivesAllSegmentsInOrderWithinItsRoom) {
    Clocked<WeightStreamer> streamer;
    Chance chance(4);
    for (int round = 0; round < 40; ++round) {
        Memory memory;
        memory.latency = chance.between(1, 200);
        memory.stall = chance.between(1, 4);
        const std::uint32_t consumerStall = chance.between(1, 4);
        std::vector<Segment> segments;
        std::deque<std::uint64_t> expected;
        const bool small = chance.in(3);
        for (std::uint32_t n = chance.between(1, 60); n > 0; --n) {
            const std::uint32_t words = small          ? chance.between(1, 3)
                                        : chance.in(4) ? chance.between(1, 400)
                                                       : chance.between(1, 20);
            const Segment segment{chance.bits64() >> 8, words};
            segments.push_back(segment);
            for (std::uint32_t w = 0; w < segment.words; ++w) expected.push_back(segment.address + w);
        }
        // A round may end early, or at the first word that fails.
        const std::size_t stopAfter = chance.in(3) ? chance.below(static_cast<std::uint32_t>(expected.size())) + 1 : nowhere;
        if (chance.in(3)) {
            const Segment& failing = segments[chance.below(static_cast<std::uint32_t>(segments.size()))];
            memory.failsFrom = failing.address + chance.below(failing.words);
        }
        const auto fails = std::find_if(expected.begin(), expected.end(), [&](auto a) { return a >= memory.failsFrom; });
        const std::uint64_t failing = fails == expected.end() ? nowhere : *fails;

        std::size_t next = 0;
        std::size_t taken = 0;
        int quiet = 0;
        while (!expected.empty() && taken < stopAfter && !streamer->failed_o) {
            streamer->segment_valid_i = next < segments.size() && !chance.in(3);
            if (next < segments.size()) {
                streamer->segment_address_i = segments[next].address;
                streamer->segment_words_i = segments[next].words;
            }
            streamer->request_ready_i = !chance.in(3);
            streamer->stream_ready_i = consumerStall == 1 || !chance.in(consumerStall);
            memory.offer(streamer, chance);
            streamer.settle();
            const bool pop = streamer->stream_valid_o && streamer->stream_ready_i;
            if (pop) {
                std::uint64_t word[2];
                std::memcpy(word, &streamer->stream_data_o, sizeof word);
                ASSERT_NE(expected.front(), failing);
                ASSERT_EQ(word[0], expected.front());
                ASSERT_EQ(word[1], ~expected.front());
                expected.pop_front();
            }
            memory.take(streamer);
            if (streamer->segment_valid_i && streamer->segment_ready_o) ++next;
            ASSERT_LE(memory.asked - taken, fifoWords) << "asked for more than there is room for";
            if (pop) ++taken;
            streamer.edge();
            quiet = pop ? 0 : quiet + 1;
            ASSERT_LT(quiet, 2000) << "hangs";
        }
        if (streamer->failed_o) {
            ASSERT_NE(failing, nowhere);
            EXPECT_EQ(expected.front(), failing);
            EXPECT_EQ(streamer->failed_address_o, failing);
        } else if (taken < stopAfter) {
            EXPECT_EQ(failing, nowhere);
        }

        streamer->segment_valid_i = 0;
        streamer->stop_i = 1;
        int cycles = 0;
        do {
            streamer->request_ready_i = 1;
            streamer->stream_ready_i = chance.in(2);
            memory.offer(streamer, chance);
            streamer.settle();
            ASSERT_FALSE(streamer->request_valid_o) << "asks while it stops";
            memory.take(streamer);
            streamer.edge();
            ASSERT_LT(++cycles, 5000);
        } while (!streamer->idle_o);
        EXPECT_TRUE(memory.bursts.empty());
        streamer->stop_i = 0;
        streamer->response_valid_i = 0;
        streamer.settle();
        EXPECT_FALSE(streamer->stream_valid_o);
        EXPECT_FALSE(streamer->failed_o);
        if (chance.in(4)) streamer.reset();
    }
}

TEST(WeightStreamer, KeepsMemoryBusyAndPassesAWordACycle) {
    Clocked<WeightStreamer> streamer;
    Chance chance(5);
    Memory memory;
    memory.latency = 30;
    std::uint64_t address = 1000;
    int taken = 0;
    constexpr int cycles = 10000;
    for (int cycle = 0; cycle < cycles; ++cycle) {
        streamer->segment_valid_i = 1;
        streamer->segment_address_i = address;
        streamer->segment_words_i = 50;
        streamer->request_ready_i = 1;
        streamer->stream_ready_i = 1;
        memory.offer(streamer, chance);
        streamer.settle();
        memory.take(streamer);
        if (streamer->segment_ready_o) address += 50;
        taken += streamer->stream_valid_o;
        streamer.edge();
    }
    EXPECT_GT(taken, cycles * 99 / 100);
}

}  // namespace
