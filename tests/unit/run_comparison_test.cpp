#include "runs/run_comparison.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace ternion {
namespace {

/// Roughly normal: the sum of twelve even draws.
std::vector<double> draws(std::mt19937_64& random, std::size_t count, double mean, double deviation) {
    std::vector<double> values(count);
    for (double& value : values) {
        double sum = -6.0;
        for (int k = 0; k < 12; ++k) sum += static_cast<double>(random() >> 11U) * 0x1p-53;
        value = mean + deviation * sum;
    }
    return values;
}

TEST(RunComparison, EqualDistributionsAreNotCertainlyDifferent) {
    std::mt19937_64 random(1);
    const auto a = draws(random, 400, 0.010, 0.001);
    const auto b = draws(random, 400, 0.010, 0.001);
    const auto difference = compareMeans(a, b);
    ASSERT_TRUE(difference.ok());
    EXPECT_FALSE(difference->certain());
    EXPECT_LT(difference->confidence.low, 1.0);
    EXPECT_GT(difference->confidence.high, 1.0);
}

TEST(RunComparison, TenPercentAreFoundWithTheRightInterval) {
    std::mt19937_64 random(2);
    const auto a = draws(random, 400, 0.010, 0.001);
    const auto b = draws(random, 400, 0.011, 0.001);
    const auto difference = compareMeans(a, b);
    ASSERT_TRUE(difference.ok());
    EXPECT_TRUE(difference->certain());
    EXPECT_NEAR(difference->ratio, 1.1, 0.02);
    EXPECT_NEAR(difference->meanB / difference->meanA, difference->ratio, 1e-12);
    // What theory says: the relative errors of both means, together 1.96 deviations to either side.
    const double half = 1.96 * 1.1 * std::sqrt(std::pow(0.1, 2) / 400 + std::pow(0.1 / 1.1, 2) / 400);
    EXPECT_NEAR(difference->confidence.high - difference->ratio, half, half / 4);
    EXPECT_NEAR(difference->ratio - difference->confidence.low, half, half / 4);
    const auto other = compareMeans(b, a);
    EXPECT_TRUE(other->certain());
    EXPECT_LT(other->confidence.high, 1.0);
}

TEST(RunComparison, TheIntervalHoldsTheTruthAboutAsOftenAsItSays) {
    std::mt19937_64 random(3);
    int held = 0;
    for (int k = 0; k < 200; ++k) {
        const auto difference = compareMeans(draws(random, 60, 2.0, 0.5), draws(random, 50, 3.0, 0.7));
        if (difference->confidence.low <= 1.5 && difference->confidence.high >= 1.5) ++held;
    }
    EXPECT_GE(held, 180);
    EXPECT_LE(held, 198);
}

TEST(RunComparison, TheSameValuesGiveTheSameInterval) {
    std::mt19937_64 random(4);
    const auto a = draws(random, 99, 1.0, 0.2);
    const auto b = draws(random, 33, 1.0, 0.2);
    const auto first = compareMeans(a, b);
    const auto second = compareMeans(a, b);
    EXPECT_EQ(first->confidence.low, second->confidence.low);
    EXPECT_EQ(first->confidence.high, second->confidence.high);
}

TEST(RunComparison, FewValuesAndZerosAreRefused) {
    const std::vector<double> few(4, 1.0);
    const std::vector<double> enough(5, 1.0);
    const std::vector<double> zeros(5, 0.0);
    const std::vector<double> none(5, std::numeric_limits<double>::quiet_NaN());
    for (const auto& result : {compareMeans(few, enough), compareMeans(enough, few), compareMeans(zeros, enough),
                               compareMeans(enough, none), compareMeans({}, {})}) {
        ASSERT_FALSE(result.ok());
        EXPECT_EQ(result.error().code, ErrorCode::InvalidArgument);
    }
    const auto equal = compareMeans(enough, enough);
    ASSERT_TRUE(equal.ok());
    EXPECT_FALSE(equal->certain());
    const auto gone = compareMeans(enough, zeros);
    ASSERT_TRUE(gone.ok());
    EXPECT_EQ(gone->ratio, 0.0);
    EXPECT_TRUE(gone->certain());
}

TEST(RunComparison, AResampleOfZerosAloneLeavesTheRatioWithoutABound) {
    const std::vector<double> mostlyZero{0, 0, 0, 0, 1};
    const std::vector<double> one(5, 1.0);
    const auto difference = compareMeans(mostlyZero, one);
    ASSERT_TRUE(difference.ok());
    EXPECT_TRUE(std::isinf(difference->confidence.high));
    EXPECT_FALSE(std::isnan(difference->confidence.low));
}

TEST(RunComparison, ManyValuesAreThinnedEvenly) {
    std::vector<double> rising(200000);
    for (std::size_t k = 0; k < rising.size(); ++k) rising[k] = 1.0 + static_cast<double>(k);
    const std::vector<double> ones(10, 1.0);
    const auto difference = compareMeans(ones, rising);
    ASSERT_TRUE(difference.ok());
    EXPECT_NEAR(difference->meanB, 100000.5, 10.0);                             // the head, the middle and the tail are in it
    EXPECT_GT(difference->confidence.high / difference->confidence.low, 1.01);  // 20,000 values, not 200,000
}

}  // namespace
}  // namespace ternion
