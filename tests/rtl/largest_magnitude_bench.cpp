#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "LargestMagnitude.h"
#include "backend/fixed_profile.h"
#include "clocked.h"

namespace {

using namespace ternion;

TEST(LargestMagnitude, IsFoundInEveryLaneOfEveryWord) {
    Clocked<LargestMagnitude> unit;
    Chance chance(1);
    constexpr std::size_t elements = sizeof(unit->word_i) / sizeof(std::int32_t);
    for (int n = 0; n < 3000; ++n) {
        unit->clear_i = 1;
        unit.edge();
        unit->clear_i = 0;
        const std::uint32_t shift = chance.below(31);
        const auto words = chance.between(1, 6);
        const auto place = chance.below(words * elements);  // of one that is often larger than the rest
        std::int32_t largest = 0;
        for (std::uint32_t word = 0; word < words;) {
            unit->enable_i = !chance.in(4);
            unit->valid_i = !chance.in(4);
            const bool counts = unit->enable_i && unit->valid_i;
            for (std::size_t e = 0; e < elements; ++e) {
                std::int32_t x = std::max(static_cast<std::int32_t>(chance.bits()), -fixed::largest) >> shift;
                if (word * elements + e == place)
                    x = chance.in(2) ? fixed::largest >> (shift / 2) : -(fixed::largest >> (shift / 2));
                unit->word_i[e] = static_cast<std::uint32_t>(x);
                if (counts) largest = std::max(largest, std::abs(x));
            }
            word += counts;
            unit.edge();
        }
        unit->enable_i = 1;
        unit->valid_i = 0;
        unit.edge();
        ASSERT_EQ(static_cast<std::int32_t>(unit->largest_o), largest);
        unit.edge();
        ASSERT_EQ(static_cast<std::int32_t>(unit->largest_o), largest);
    }
}

}  // namespace
