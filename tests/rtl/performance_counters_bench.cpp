#include <gtest/gtest.h>

#include <bit>

#include "PerformanceCounters.h"
#include "clocked.h"

namespace {

TEST(PerformanceCounters, CountEventsFromTheStart) {
    Clocked<PerformanceCounters> counters;
    Chance chance(20);
    std::uint64_t cycles = 0, array = 0, matvec = 0, stream = 0, drain = 0, read = 0, written = 0, toggles = 0, word = 0;
    for (int cycle = 0; cycle < 20000; ++cycle) {
        counters->clear_i = chance.in(3000);
        counters->running_i = !chance.in(3);
        counters->matvec_i = chance.in(2);
        counters->array_busy_i = chance.in(3);
        counters->stream_stall_i = chance.in(4);
        counters->drain_stall_i = chance.in(5);
        counters->read_i = chance.in(6);
        counters->written_i = chance.in(7);
        counters->array_word_i = chance.bits64();
        if (counters->clear_i) {
            cycles = array = matvec = stream = drain = read = written = toggles = word = 0;
        } else {
            cycles += counters->running_i;
            array += counters->array_busy_i;
            matvec += counters->matvec_i;
            stream += counters->stream_stall_i;
            drain += counters->drain_stall_i;
            read += counters->read_i;
            written += counters->written_i;
            if (counters->array_busy_i) {
                toggles += static_cast<std::uint64_t>(std::popcount(word ^ counters->array_word_i));
                word = counters->array_word_i;
            }
        }
        counters.edge();
        ASSERT_EQ(counters->cycles_o, cycles);
        ASSERT_EQ(counters->array_cycles_o, array);
        ASSERT_EQ(counters->matvec_cycles_o, matvec);
        ASSERT_EQ(counters->stream_stalls_o, stream);
        ASSERT_EQ(counters->drain_stalls_o, drain);
        ASSERT_EQ(counters->read_words_o, read);
        ASSERT_EQ(counters->write_words_o, written);
        if (!counters->array_busy_i) {  // a word's changes are counted one cycle after it
            counters->array_busy_i = counters->running_i = counters->matvec_i = counters->stream_stall_i = 0;
            counters->drain_stall_i = counters->read_i = counters->written_i = counters->clear_i = 0;
            counters.edge();
            ASSERT_EQ(counters->toggles_o, toggles);
        }
    }
}

}  // namespace
