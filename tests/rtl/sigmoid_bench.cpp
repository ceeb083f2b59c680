#include <gtest/gtest.h>

#include <array>
#include <deque>

#include "Sigmoid.h"
#include "backend/fixed_profile.h"
#include "clocked.h"

namespace {

using namespace ternion;

constexpr std::size_t elements = 4;
constexpr std::size_t latency = 4;

TEST(Sigmoid, IsTheGoldenModelForEveryValueUpTo16AndBeyond) {
    Clocked<Sigmoid> unit;
    Chance chance(1);
    std::deque<std::array<std::int32_t, elements>> inside;
    const auto put = [&](const std::array<std::int32_t, elements>& x) {
        unit->enable_i = !chance.in(20);
        for (std::size_t e = 0; e < elements; ++e) unit->x_i[e] = static_cast<std::uint32_t>(x[e]);
        if (unit->enable_i) inside.push_back(x);
        unit.edge();
        if (inside.size() > latency) inside.pop_front();
        for (std::size_t e = 0; inside.size() == latency && e < elements; ++e)
            ASSERT_EQ(static_cast<std::int32_t>(unit->gate_o[e]), fixed::sigmoid(inside.front()[e])) << inside.front()[e];
    };
    constexpr std::int32_t end = (16 << fixed::valueFraction) + 300;
    for (std::int32_t x = -end; x < end; ++x) put({x, -x, x + 64, x * 3});
    for (int n = 0; n < 1000; ++n)
        put({fixed::largest, -fixed::largest, std::max(static_cast<std::int32_t>(chance.bits()), -fixed::largest), 0});
}

}  // namespace
