#include <gtest/gtest.h>

#include <deque>

#include "DelayLine.h"
#include "clocked.h"

namespace {

constexpr std::size_t depth = 3;

TEST(DelayLine, CountsEnabledCyclesAlone) {
    Clocked<DelayLine> line;
    Chance chance(1);
    std::deque<std::uint64_t> inside;
    for (int cycle = 0; cycle < 2000; ++cycle) {
        line->enable_i = !chance.in(3);
        line->data_i = chance.bits64() >> 24;
        if (line->enable_i) inside.push_back(line->data_i);
        line.edge();
        if (inside.size() > depth) inside.pop_front();
        if (inside.size() == depth) {
            ASSERT_EQ(line->data_o, inside.front());
        }
    }
}

}  // namespace
