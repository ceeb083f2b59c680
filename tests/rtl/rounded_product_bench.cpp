#include <gtest/gtest.h>

#include <array>
#include <deque>

#include "RoundedProduct.h"
#include "backend/fixed_profile.h"
#include "clocked.h"

namespace {

using namespace ternion;

TEST(RoundedProduct, RoundsAndSaturatesEveryElement) {
    Clocked<RoundedProduct> unit;
    Chance chance(1);
    constexpr std::size_t elements = 4;
    constexpr std::array corners{0, 1, -1, fixed::largest, -fixed::largest, 1 << 24, -(1 << 24)};
    const auto value = [&] {
        return chance.in(4) ? corners[chance.below(corners.size())]
                            : std::max(static_cast<std::int32_t>(chance.bits()) >> chance.below(32), -fixed::largest);
    };
    std::deque<std::array<std::int32_t, elements>> inside;
    for (int cycle = 0; cycle < 100000; ++cycle) {
        if (cycle % 500 == 0) {  // while the pipeline is empty
            inside.clear();
            unit->shift_i = static_cast<std::uint8_t>(chance.between(1, 62));
            unit->limit_i = chance.in(2) ? fixed::largest : chance.bits() >> chance.between(1, 30);
        }
        unit->enable_i = !chance.in(5);
        std::array<std::int32_t, elements> expected;
        for (std::size_t e = 0; e < elements; ++e) {
            const std::int32_t a = value();
            const std::int32_t b = value();
            unit->a_i[e] = static_cast<std::uint32_t>(a);
            unit->b_i[e] = static_cast<std::uint32_t>(b);
            expected[e] =
                fixed::saturate(fixed::shifted(std::int64_t{a} * b, unit->shift_i), static_cast<std::int32_t>(unit->limit_i));
        }
        if (unit->enable_i) inside.push_back(expected);
        unit.edge();
        if (inside.size() > 2) inside.pop_front();
        for (std::size_t e = 0; inside.size() == 2 && e < elements; ++e)
            ASSERT_EQ(static_cast<std::int32_t>(unit->value_o[e]), inside.front()[e]);
    }
}

}  // namespace
