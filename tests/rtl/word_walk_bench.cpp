#include <gtest/gtest.h>

#include "WordWalk.h"
#include "clocked.h"

namespace {

/// A whole walk; each index once, in order, and with it the stream's word.
void walk(Clocked<WordWalk>& unit, Chance& chance, std::uint32_t count, bool streamed, std::uint32_t stall) {
    unit->start_i = 1;
    unit->count_i = static_cast<std::uint8_t>(count);
    unit->streamed_i = streamed;
    std::uint32_t read = 0;
    std::uint32_t valid = 0;
    std::uint32_t word = 0;  // that the stream gave last
    for (int cycle = 0; valid < count; ++cycle) {
        ASSERT_LT(cycle, 5000);
        unit->stream_valid_i = chance.in(stall);
        unit->stream_data_i[0] = unit->stream_data_i[3] = chance.bits();
        unit.settle();
        const bool step = unit->active_o && (!streamed || unit->stream_valid_i);
        ASSERT_EQ(unit->stream_ready_o, unit->active_o && streamed);
        if (step) {
            ASSERT_EQ(unit->index_o, read);
            word = unit->stream_data_i[3];
            ++read;
        }
        unit.edge();
        unit->start_i = 0;
        ASSERT_EQ(unit->valid_o, step);
        if (step) {
            ++valid;
            ASSERT_EQ(unit->last_o, valid == count);
            if (streamed) {
                ASSERT_EQ(unit->word_o[3], word);
            }
        }
    }
    ASSERT_EQ(read, count);
    ASSERT_FALSE(unit->active_o);
}

TEST(WordWalk, WalksBackToBackUnderStalls) {
    Clocked<WordWalk> unit;
    Chance chance(1);
    for (int n = 0; n < 300; ++n) {
        const std::uint32_t count = n % 10 == 0 ? 64 : chance.between(1, 20);
        ASSERT_NO_FATAL_FAILURE(walk(unit, chance, count, chance.in(2), chance.between(1, 4)));
    }
}

TEST(WordWalk, StopsAtAReset) {
    Clocked<WordWalk> unit;
    Chance chance(2);
    for (int cycles = 0; cycles < 20; ++cycles) {
        unit->start_i = 1;
        unit->count_i = 15;
        unit->streamed_i = chance.in(2);
        unit->stream_valid_i = 1;
        for (int cycle = 0; cycle < cycles; ++cycle) {
            unit.edge();
            unit->start_i = 0;
        }
        unit->start_i = 0;
        unit.reset();
        ASSERT_FALSE(unit->active_o || unit->valid_o);
        ASSERT_NO_FATAL_FAILURE(walk(unit, chance, chance.between(1, 20), chance.in(2), 2));
    }
}

}  // namespace
