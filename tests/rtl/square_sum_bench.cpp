#include <gtest/gtest.h>

#include <array>

#include "SquareSum.h"
#include "SquareSum4.h"
#include "backend/fixed_profile.h"
#include "clocked.h"

namespace {

using namespace ternion;

template <typename Model>
class SquareSumTest : public testing::Test {};
using Models = testing::Types<SquareSum, SquareSum4>;
TYPED_TEST_SUITE(SquareSumTest, Models);

TYPED_TEST(SquareSumTest, IsTheGoldenSumOfAllLanes) {
    Clocked<TypeParam> unit;
    Chance chance(1);
    constexpr std::size_t elements = sizeof(unit->word_i) / sizeof(std::int32_t);
    constexpr int latency = 4;
    bool saturated = false;
    for (int n = 0; n < 1000; ++n) {
        unit->clear_i = 1;
        unit->enable_i = chance.in(2);
        unit.edge();
        unit->clear_i = 0;
        const std::uint32_t words = chance.between(1, 40);
        const std::uint32_t shift = chance.in(3) ? 0 : chance.below(32);
        const std::size_t lane = chance.in(2) ? chance.below(elements) : elements;  // that one alone, or all
        std::uint64_t sum = 0;
        for (std::uint32_t word = 0; word < words;) {
            unit->enable_i = !chance.in(4);
            unit->valid_i = !chance.in(4);
            std::uint64_t squares = 0;
            for (std::size_t e = 0; e < elements; ++e) {
                const std::int32_t x = lane == elements || lane == e
                                           ? std::max(static_cast<std::int32_t>(chance.bits()) >> shift, -fixed::largest)
                                           : 0;
                unit->word_i[e] = static_cast<std::uint32_t>(x);
                squares = fixed::sum(squares, fixed::square(x));
            }
            if (unit->enable_i && unit->valid_i) {
                sum = fixed::sum(sum, squares);
                ++word;
            }
            unit.edge();
        }
        unit->enable_i = 1;
        unit->valid_i = 0;
        for (int cycle = 1; cycle < latency; ++cycle) unit.edge();
        ASSERT_EQ(unit->sum_o, sum);
        saturated = saturated || sum == ~std::uint64_t{0};
        unit.edge();
        ASSERT_EQ(unit->sum_o, sum);
    }
    EXPECT_TRUE(saturated);
}

}  // namespace
