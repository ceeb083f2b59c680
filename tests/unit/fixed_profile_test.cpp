// The fixed profile's arithmetic, pinned: against the same formulas in wider numbers, and the bits of its table.
#include "backend/fixed_profile.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "backend/fixed_weights.h"

namespace ternion {
namespace {

__extension__ using Wide = __int128;
__extension__ using UnsignedWide = unsigned __int128;

constexpr int tries = 200000;

/// Of any size: as many bits as chance has it, and what saturates.
class Numbers {
public:
    std::uint64_t bits(int most) {
        const auto width = static_cast<int>(random_() % static_cast<unsigned>(most + 1));
        return width == 0 ? 0 : random_() >> (64 - width);
    }
    std::int32_t value() {
        const auto magnitude = static_cast<std::int32_t>(bits(31));
        return random_() % 2 == 0 ? magnitude : -magnitude;
    }
    /// 0 to `last`.
    int upTo(int last) { return static_cast<int>(random_() % static_cast<unsigned>(last + 1)); }

private:
    std::mt19937_64 random_{11};
};

Wide floorDivided(Wide a, Wide b) { return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0); }
/// x / 2^shift to the nearest, halves upwards.
Wide nearestWide(Wide x, int shift) { return floorDivided(2 * x + (Wide{1} << shift), Wide{1} << (shift + 1)); }
std::int32_t limited(Wide x, std::int32_t limit = fixed::largest) {
    return static_cast<std::int32_t>(x > limit ? limit : x < -limit ? -limit : x);
}

TEST(FixedProfile, HalvesRoundUpwardsBelowZeroToo) {
    const std::vector<std::pair<int, int>> halves{{-7, -3}, {-6, -3}, {-5, -2}, {-3, -1}, {-2, -1}, {-1, 0},
                                                  {0, 0},   {1, 1},   {2, 1},   {3, 2},   {5, 3},   {6, 3}};
    for (const auto& [x, half] : halves) EXPECT_EQ(fixed::shifted(x, 1), half) << x;
    EXPECT_EQ(fixed::shifted(-9, 2), -2);
    EXPECT_EQ(fixed::shifted(-10, 2), -2);
    EXPECT_EQ(fixed::shifted(-11, 2), -3);
    EXPECT_EQ(fixed::product(-3, 1, 1), -1);
}

TEST(FixedProfile, SaturatesOnBothSidesAlike) {
    constexpr auto most = std::numeric_limits<std::int32_t>::max();
    EXPECT_EQ(fixed::saturate(std::int64_t{1} << 31), most);
    EXPECT_EQ(fixed::saturate(-(std::int64_t{1} << 31)), -most);
    EXPECT_EQ(fixed::saturate(-most), -most);
    EXPECT_EQ(fixed::add(most, 1), most);
    EXPECT_EQ(fixed::add(-most, -1), -most);
    EXPECT_EQ(fixed::product(most, most, 1), most);
    EXPECT_EQ(fixed::product(most, -most, 1), -most);
    EXPECT_EQ(fixed::nextState(fixed::largestState, 1), 1 << 24);
    EXPECT_EQ(fixed::nextState(-fixed::largestState, -most), -(1 << 24));
    EXPECT_EQ(fixed::candidate(most, 0), 1 << 24);
    constexpr auto all = std::numeric_limits<std::uint64_t>::max();
    EXPECT_EQ(fixed::sum(all, 1), all);
    EXPECT_EQ(fixed::sum(all - 1, 1), all);
    EXPECT_EQ(fixed::sum(all - 2, 1), all - 1);
}

TEST(FixedProfile, ProductsAreTheNearest) {
    Numbers numbers;
    for (int k = 0; k < tries; ++k) {
        const std::int32_t a = numbers.value(), b = numbers.value();
        const int shift = 1 + numbers.upTo(30);
        ASSERT_EQ(fixed::product(a, b, shift), limited(nearestWide(Wide{a} * b, shift))) << a << " * " << b << " >> " << shift;
        ASSERT_EQ(fixed::square(a), static_cast<std::uint64_t>(Wide{a} * a));
        const std::uint64_t x = numbers.bits(64), y = numbers.bits(64);
        const UnsignedWide all = std::numeric_limits<std::uint64_t>::max(), together = UnsignedWide{x} + y;
        ASSERT_EQ(fixed::sum(x, y), static_cast<std::uint64_t>(together < all ? together : all));
    }
}

TEST(FixedProfile, TheSigmoidTableIsTheExactRoundingOfSigmoid) {
    const auto table = fixed::sigmoidTable();
    for (std::size_t k = 0; k < table.size(); ++k) {
        const long double exact = std::ldexp(1.0L / (1.0L + std::exp(-static_cast<long double>(k) / 64.0L)), 24);
        ASSERT_LE(std::fabs(exact - table[k]), 0.5L) << k;
    }
    // Whoever makes another table (a board, a shader) makes these bits: FNV-1a over little-endian words.
    std::uint64_t hash = 14695981039346656037ULL;
    for (const std::int32_t entry : table)
        for (int byte = 0; byte < 4; ++byte) {
            hash ^= static_cast<std::uint32_t>(entry) >> 8 * byte & 0xFFU;
            hash *= 1099511628211ULL;
        }
    EXPECT_EQ(hash, 0x904c5fed57977654ULL);
}

TEST(FixedProfile, SigmoidIsLinearBetweenEntriesAndSymmetric) {
    const auto table = fixed::sigmoidTable();
    Numbers numbers;
    EXPECT_EQ(fixed::sigmoid(0), fixed::one / 2);
    EXPECT_EQ(fixed::sigmoid(64 << 8), table[64]);
    EXPECT_EQ(fixed::sigmoid(fixed::largest), fixed::sigmoid((16 << 14) - 1));
    EXPECT_EQ(fixed::sigmoid(-fixed::largest), fixed::one - fixed::sigmoid(fixed::largest));
    for (int k = 0; k < tries; ++k) {
        const std::int32_t x = numbers.upTo((16 << 14) - 1);
        const auto entry = static_cast<std::size_t>(x / 256);
        const auto between = static_cast<std::int32_t>(nearestWide(Wide{table[entry + 1] - table[entry]} * (x % 256), 8));
        ASSERT_EQ(fixed::sigmoid(x), table[entry] + between) << x;
        if (x > 0) {
            ASSERT_EQ(fixed::sigmoid(-x), fixed::one - fixed::sigmoid(x)) << x;
        }
        const double exact = 1.0 / (1.0 + std::exp(-std::ldexp(x, -14)));
        ASSERT_NEAR(std::ldexp(fixed::sigmoid(x), -24), exact, 4e-6) << x;
    }
}

TEST(FixedProfile, GatesAreTheirFormulas) {
    Numbers numbers;
    for (int k = 0; k < tries; ++k) {
        const std::int32_t y = numbers.value(), h = numbers.upTo(2 << 24) - (1 << 24), g = numbers.value();
        const std::int32_t b = numbers.upTo(1 << 24);
        const std::int32_t f = fixed::forgetGate(y, b);
        ASSERT_EQ(f, b + nearestWide(Wide{fixed::one - b} * fixed::sigmoid(y), 24));
        ASSERT_GE(f, b);
        ASSERT_LE(f, fixed::one);
        const std::int32_t silu = limited(nearestWide(Wide{y} * fixed::sigmoid(y), 20));
        ASSERT_EQ(fixed::candidate(y, f), limited(nearestWide(Wide{silu} * (fixed::one - f), 24), 1 << 24));
        const std::int32_t decayed = limited(nearestWide(Wide{f} * h, 24)), i = fixed::candidate(y, f);
        ASSERT_EQ(fixed::decayed(f, h), decayed);
        ASSERT_EQ(fixed::nextState(decayed, i), limited(Wide{decayed} + i, 1 << 24));
        const auto asValue = static_cast<std::int32_t>(floorDivided(h, 16));
        const std::int32_t siluH = limited(nearestWide(Wide{h} * fixed::sigmoid(asValue), 24));
        ASSERT_EQ(fixed::gated(g, h), limited(nearestWide(Wide{g} * siluH, 14)));
        const std::int32_t siluU = limited(nearestWide(Wide{y} * fixed::sigmoid(y), 24));
        ASSERT_EQ(fixed::glu(y, g), limited(nearestWide(Wide{siluU} * g, 14)));
        ASSERT_EQ(fixed::weigh(y, 32767), limited(nearestWide(Wide{y} * 32767, 12)));
    }
}

TEST(FixedProfile, SquareRootsAreFloors) {
    Numbers numbers;
    const auto expectFloor = [](std::uint64_t x) {
        const UnsignedWide root = fixed::squareRoot(x);
        ASSERT_LE(root * root, x);
        ASSERT_GT((root + 1) * (root + 1), x);
    };
    for (int k = 0; k < tries; ++k) {
        expectFloor(numbers.bits(64));
        const std::uint64_t root = numbers.bits(32);
        expectFloor(root * root);
        if (root > 0) expectFloor(root * root - 1);
    }
    expectFloor(std::numeric_limits<std::uint64_t>::max());
}

TEST(FixedProfile, ARootHasItsHighestBitSet) {
    EXPECT_EQ(fixed::rootOf(0), (fixed::Root{0, 0}));
    EXPECT_EQ(fixed::rootOf(1), (fixed::Root{1U << 31, 31}));
    Numbers numbers;
    for (int k = 0; k < tries; ++k) {
        const std::uint64_t s = numbers.bits(64);
        if (s == 0) continue;
        const fixed::Root root = fixed::rootOf(s);
        ASSERT_GE(root.root, 1U << 31);
        const UnsignedWide widened = UnsignedWide{s} << (2 * root.shift);
        ASSERT_LE(UnsignedWide{root.root} * root.root, widened);
        ASSERT_GT((UnsignedWide{root.root} + 1) * (UnsignedWide{root.root} + 1), widened);
    }
}

TEST(FixedProfile, EpsilonIsAddedInItsOrder) {
    Numbers numbers;
    const UnsignedWide all = std::numeric_limits<std::uint64_t>::max();
    for (int k = 0; k < tries; ++k) {
        const std::uint64_t s = numbers.bits(64), first = numbers.bits(64);
        const fixed::Epsilon epsilon{static_cast<std::uint32_t>(numbers.bits(32)), static_cast<std::uint16_t>(numbers.bits(16)),
                                     static_cast<std::uint8_t>(numbers.upTo(63))};
        const UnsignedWide exact =
            UnsignedWide{s} + epsilon.constant + ((UnsignedWide{first >> 24} * epsilon.factor) >> epsilon.shift);
        ASSERT_EQ(fixed::withEpsilon(s, first, epsilon), static_cast<std::uint64_t>(exact < all ? exact : all));
    }
}

TEST(FixedProfile, CodesAndScalesAreTheirFormulas) {
    EXPECT_EQ(fixed::codeScale(0, {1U << 31, 3}, {1U << 23, 5}), fixed::CodeScale{});
    EXPECT_EQ(fixed::code(0, {}), 0);
    Numbers numbers;
    for (int k = 0; k < tries; ++k) {
        auto largestU = static_cast<std::int32_t>(numbers.bits(31));
        if (largestU == 0) largestU = 1;
        const std::uint64_t s = numbers.bits(64);
        const fixed::Root root = fixed::rootOf(s);
        const fixed::Scale scale{(1U << 23) | static_cast<std::uint32_t>(numbers.bits(23)),
                                 static_cast<std::int8_t>(numbers.upTo(80) - 20)};
        const fixed::CodeScale made = fixed::codeScale(largestU, root, scale);

        // U's first 24 bits, cut off.
        int drop = -23;
        while (drop < 7 && (std::int64_t{1} << (drop + 24)) <= largestU) ++drop;
        const std::uint64_t first = drop >= 0 ? static_cast<std::uint64_t>(largestU) / (std::uint64_t{1} << drop)
                                              : static_cast<std::uint64_t>(largestU) * (std::uint64_t{1} << -drop);
        ASSERT_GE(first, 1U << 23);
        ASSERT_LT(first, 1U << 24);
        ASSERT_EQ(made.drop, drop);
        ASSERT_EQ(made.reciprocal, static_cast<std::uint64_t>((UnsignedWide{127} << 40) / first));
        if (s == 0) {
            ASSERT_EQ(made.multiplier, 0U);
            ASSERT_EQ(made.shift, 1);
        } else {
            ASSERT_EQ(made.multiplier, static_cast<std::uint64_t>((UnsignedWide{first} * scale.mantissa << 15) / root.root));
            const int shift = 15 - drop + scale.exponent - root.shift;
            ASSERT_EQ(made.shift, shift < 1 ? 1 : shift > 62 ? 62 : shift);
        }

        // The largest is coded as 127, the least as -127, and what lies between as the formula says.
        ASSERT_EQ(fixed::code(largestU, made), 127);
        ASSERT_EQ(fixed::code(-largestU, made), -127);
        const auto u = static_cast<std::int32_t>(numbers.upTo(largestU)) * (k % 2 == 0 ? 1 : -1);
        const Wide cut = drop >= 0 ? floorDivided(u, Wide{1} << drop) : Wide{u} * (Wide{1} << -drop);
        ASSERT_EQ(fixed::code(u, made), limited(nearestWide(cut * made.reciprocal, 40), 127)) << u << " of " << largestU;
        ASSERT_NEAR(fixed::code(u, made), 127.0 * u / largestU, 0.50002);

        const std::int32_t accumulator = numbers.value() >> 7;
        ASSERT_EQ(fixed::rescale(accumulator, made), limited(nearestWide(Wide{accumulator} * made.multiplier, made.shift)));
    }
}

TEST(FixedProfile, ATieOfACodeGoesUpwards) {
    // 127 * 2^16 is coded exactly: a value of so many halves lies between two codes.
    const fixed::CodeScale scale = fixed::codeScale(127 << 16, fixed::rootOf(1), {1U << 23, 20});
    EXPECT_EQ(fixed::code(3 << 15, scale), 2);
    EXPECT_EQ(fixed::code(-(3 << 15), scale), -1);
    EXPECT_EQ(fixed::code((3 << 15) - 1, scale), 1);
    EXPECT_EQ(fixed::code(-(3 << 15) - 1, scale), -2);
}

TEST(FixedProfile, FloatsComeInToTheNearestAndHalvesToEven) {
    EXPECT_EQ(fixed::fromFloat(0.5, 0), 0);
    EXPECT_EQ(fixed::fromFloat(1.5, 0), 2);
    EXPECT_EQ(fixed::fromFloat(2.5, 0), 2);
    EXPECT_EQ(fixed::fromFloat(-2.5, 0), -2);
    EXPECT_EQ(fixed::fromFloat(-3.5, 0), -4);
    EXPECT_EQ(fixed::fromFloat(std::ldexp(2.5, -14), 14), 2);
    EXPECT_EQ(fixed::fromFloat(std::nextafter(std::ldexp(2.5, -14), 1.0), 14), 3);
    EXPECT_EQ(fixed::fromFloat(NAN, 14), 0);
    EXPECT_EQ(fixed::fromFloat(INFINITY, 14), fixed::largest);
    EXPECT_EQ(fixed::fromFloat(-INFINITY, 14), -fixed::largest);
    EXPECT_EQ(fixed::fromFloat(131072.0, 14), fixed::largest);
    EXPECT_EQ(fixed::fromFloat(-131072.0, 14), -fixed::largest);
    EXPECT_EQ(fixed::fromFloat(64.1, 18, fixed::largestState), 1 << 24);
    EXPECT_EQ(fixed::fromFloat(-1e9, 18, fixed::largestState), -(1 << 24));
}

TEST(FixedProfile, WhatAFloatHoldsComesBack) {
    Numbers numbers;
    for (int k = 0; k < tries; ++k)
        for (const int fraction : {fixed::valueFraction, fixed::gateFraction, fixed::stateFraction}) {
            const std::int32_t exact = numbers.upTo(1 << 25) - (1 << 24);
            ASSERT_EQ(fixed::fromFloat(fixed::toFloat(exact, fraction), fraction), exact);
            const std::int32_t any = numbers.value();
            ASSERT_EQ(fixed::toFloat(any, fraction), static_cast<float>(std::ldexp(static_cast<double>(any), -fraction)));
        }
    for (const std::int32_t h : {fixed::largestState, -fixed::largestState, fixed::largestState - 1})
        EXPECT_EQ(fixed::fromFloat(fixed::toFloat(h, fixed::stateFraction), fixed::stateFraction, fixed::largestState), h);
}

TEST(FixedWeights, ANormsLargestWeightHas15Bits) {
    const auto norm = fixed::normWeights({1.0, -0.5, 1.9999999, 1e-9, 0.0});
    EXPECT_EQ(norm.fraction, 13);  // 1.9999999 becomes 2: 16384 / 2^13
    EXPECT_EQ(norm.mantissas, (std::vector<std::int16_t>{8192, -4096, 16384, 0, 0}));
    const auto ones = fixed::normWeights({1.0, 1.0});
    EXPECT_EQ(ones.fraction, 14);
    EXPECT_EQ(ones.mantissas, (std::vector<std::int16_t>{16384, 16384}));
    const auto nothing = fixed::normWeights({0.0, 0.0});
    EXPECT_EQ(nothing.mantissas, (std::vector<std::int16_t>{0, 0}));
}

}  // namespace
}  // namespace ternion
