#include <gtest/gtest.h>

#include <deque>

#include "StreamFifo.h"
#include "clocked.h"

namespace {

constexpr std::size_t depth = 16;

TEST(StreamFifo, GivesWhatItTookInOrderUnderAnyStalls) {
    Clocked<StreamFifo> fifo;
    Chance chance(1);
    std::deque<std::uint32_t> held;
    std::uint32_t pushStall = 2;
    std::uint32_t popStall = 2;
    std::size_t popped = 0;
    bool wasFull = false;
    for (int cycle = 0; cycle < 20000; ++cycle) {
        if (cycle % 500 == 0) {  // phases that fill it, phases that empty it, phases at full speed
            pushStall = chance.between(1, 4);
            popStall = chance.between(1, 4);
        }
        fifo->clear_i = chance.in(1000);
        fifo->push_i = !fifo->full_o && (pushStall == 1 || !chance.in(pushStall));
        fifo->data_i = chance.bits();
        fifo->ready_i = popStall == 1 || !chance.in(popStall);
        fifo.settle();
        ASSERT_EQ(fifo->empty_o, held.empty());
        wasFull = wasFull || fifo->full_o;
        if (fifo->valid_o) {
            ASSERT_EQ(fifo->data_o, held.front());
        }
        if (fifo->valid_o && fifo->ready_i) {
            held.pop_front();
            ++popped;
        }
        if (fifo->push_i) held.push_back(fifo->data_i);
        if (fifo->clear_i) held.clear();
        ASSERT_LE(held.size(), depth + 1);
        fifo.edge();
    }
    EXPECT_TRUE(wasFull);
    EXPECT_GT(popped, 5000U);
}

TEST(StreamFifo, PassesAWordEachCycleOnceItsTwoCyclesAreOver) {
    Clocked<StreamFifo> fifo;
    fifo->ready_i = 1;
    fifo->push_i = 1;
    for (std::uint32_t cycle = 0; cycle < 100; ++cycle) {
        fifo->data_i = cycle;
        fifo.settle();
        EXPECT_EQ(fifo->valid_o, cycle >= 2);
        if (cycle >= 2) {
            EXPECT_EQ(fifo->data_o, cycle - 2);
        }
        fifo.edge();
    }
    fifo.reset();
    EXPECT_FALSE(fifo->valid_o);
    EXPECT_TRUE(fifo->empty_o);
}

}  // namespace
