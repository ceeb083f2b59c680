#include <gtest/gtest.h>

#include "CodeScale.h"
#include "backend/fixed_profile.h"
#include "clocked.h"

namespace {

using namespace ternion;

class CodeScaleBench {
public:
    Clocked<CodeScale> unit;
    Chance chance{1};

    /// The largest |u| comes `later` cycles after the start.
    void check(std::uint64_t s, std::uint64_t first, const fixed::Epsilon& epsilon, const fixed::Scale& scale,
               std::int32_t largestU, int later) {
        start(s, first, epsilon, scale);
        const fixed::CodeScale expected =
            fixed::codeScale(largestU, fixed::rootOf(fixed::withEpsilon(s, first, epsilon)), scale);
        int reciprocals = 0;
        for (int cycle = 0; cycle < 200; ++cycle) {
            unit->largest_valid_i = cycle == later;
            unit->largest_i = cycle == later ? static_cast<std::uint32_t>(largestU) : chance.bits() >> 1;
            unit.edge();
            unit->start_i = 0;
            if (unit->reciprocal_valid_o) {
                ++reciprocals;
                ASSERT_EQ(static_cast<int>(unit->drop_o ^ 32) - 32, expected.drop);
                ASSERT_EQ(unit->reciprocal_o, expected.reciprocal);
                ASSERT_LE(cycle - later, 30);
            }
            if (unit->done_o) {
                ASSERT_EQ(reciprocals, 1);
                ASSERT_EQ(unit->multiplier_o, expected.multiplier);
                ASSERT_EQ(unit->shift_o, expected.shift);
                return;
            }
        }
        FAIL() << "not done";
    }
    void any() {
        const std::uint64_t s = chance.bits64() >> chance.below(64);
        const std::uint64_t first = chance.bits64() >> chance.below(64);
        const fixed::Epsilon epsilon{chance.bits() >> chance.below(32), static_cast<std::uint16_t>(chance.bits()),
                                     static_cast<std::uint8_t>(chance.below(60))};
        const fixed::Scale scale{chance.bits() >> 8, static_cast<std::int8_t>(chance.bits())};
        const auto largestU = static_cast<std::int32_t>(chance.bits() >> chance.between(1, 31));
        check(s, first, epsilon, scale, chance.in(20) ? 0 : largestU, static_cast<int>(chance.between(3, 60)));
    }
    void start(std::uint64_t s, std::uint64_t first, const fixed::Epsilon& epsilon, const fixed::Scale& scale) {
        unit->s_i = s;
        unit->s1_high_i = first >> 24;
        unit->epsilon_constant_i = epsilon.constant;
        unit->epsilon_factor_i = epsilon.factor;
        unit->epsilon_shift_i = epsilon.shift;
        unit->scale_mantissa_i = scale.mantissa;
        unit->scale_exponent_i = static_cast<std::uint8_t>(scale.exponent);
        unit->start_i = 1;
    }
};

TEST(CodeScale, IsTheGoldenModel) {
    CodeScaleBench bench;
    for (int n = 0; n < 5000; ++n) ASSERT_NO_FATAL_FAILURE(bench.any());
}

TEST(CodeScale, KnowsTheExtremes) {
    CodeScaleBench bench;
    constexpr std::uint64_t all = ~std::uint64_t{0};
    constexpr fixed::Epsilon most{~std::uint32_t{0}, 0xFFFF, 0};
    for (const std::uint64_t s : {std::uint64_t{0}, std::uint64_t{1}, all})
        for (const std::uint64_t first : {std::uint64_t{0}, all})
            for (const fixed::Epsilon& epsilon : {fixed::Epsilon{}, most})
                for (const std::int32_t largestU : {0, 1, 1 << 23, (1 << 24) - 1, 1 << 24, fixed::largest})
                    for (const int exponent : {-128, 0, 127})
                        ASSERT_NO_FATAL_FAILURE(
                            bench.check(s, first, epsilon, {0xFFFFFF, static_cast<std::int8_t>(exponent)}, largestU, 5));
}

TEST(CodeScale, IsRightAfterAResetAtAnyTime) {
    CodeScaleBench bench;
    for (int cycles = 0; cycles < 110; ++cycles) {
        bench.start(bench.chance.bits64(), bench.chance.bits64(), {1, 2, 3}, {0xABCDEF, 4});
        for (int cycle = 0; cycle < cycles; ++cycle) {
            bench.unit->largest_valid_i = cycle == 5;
            bench.unit->largest_i = 12345678;
            bench.unit.edge();
            bench.unit->start_i = 0;
        }
        bench.unit->start_i = 0;
        bench.unit->largest_valid_i = 0;
        bench.unit.reset();
        ASSERT_FALSE(bench.unit->done_o || bench.unit->reciprocal_valid_o);
        ASSERT_NO_FATAL_FAILURE(bench.any());
    }
}

}  // namespace
