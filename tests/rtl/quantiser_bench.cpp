#include <gtest/gtest.h>

#include <array>
#include <deque>

#include "Quantiser.h"
#include "backend/fixed_profile.h"
#include "clocked.h"

namespace {

using namespace ternion;

constexpr std::size_t elements = 4;
constexpr std::size_t latency = 3;

TEST(Quantiser, IsTheGoldenModelForEveryLargest) {
    Clocked<Quantiser> unit;
    Chance chance(1);
    for (int n = 0; n < 2000; ++n) {
        const std::int32_t largest =
            n == 0 ? fixed::largest : static_cast<std::int32_t>(chance.bits() >> chance.between(1, 31));
        const fixed::CodeScale scale = fixed::codeScale(largest, {}, {});
        unit->drop_i = static_cast<std::uint8_t>(scale.drop & 63);
        unit->reciprocal_i = scale.reciprocal;
        std::deque<std::array<std::int32_t, elements>> inside;
        for (int cycle = 0; cycle < 60; ++cycle) {
            unit->enable_i = !chance.in(4);
            std::array<std::int32_t, elements> u;
            for (std::size_t e = 0; e < elements; ++e) {
                const auto magnitude = static_cast<std::int32_t>(chance.below(static_cast<std::uint32_t>(largest) + 1));
                u[e] = chance.in(8) ? largest : chance.in(8) ? -largest : chance.in(2) ? magnitude : -magnitude;
                unit->u_i[e] = static_cast<std::uint32_t>(u[e]);
            }
            if (unit->enable_i) inside.push_back(u);
            unit.edge();
            if (inside.size() > latency) inside.pop_front();
            for (std::size_t e = 0; inside.size() == latency && e < elements; ++e)
                ASSERT_EQ(static_cast<std::int8_t>(unit->code_o >> (8 * e)), fixed::code(inside.front()[e], scale));
        }
    }
}

}  // namespace
