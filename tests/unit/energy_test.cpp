// Energies against closed forms, and the cases in which there is none to tell.
#include "measure/energy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <random>

namespace ternion {
namespace {

const ProbeFacts power{.name = "power.gpu", .unit = "W", .source = Source::VendorEstimate, .period = 0.1};
const ProbeFacts counter{
    .name = "energy.gpu", .unit = "J", .kind = ProbeFacts::Kind::Counter, .source = Source::VendorEstimate, .period = 0.1};

/// `value(time)` at every `step` seconds of [first, last].
std::vector<Reading> readingsOf(const std::function<double(double)>& value, double first, double last, double step = 0.1) {
    std::vector<Reading> readings;
    const int count = static_cast<int>(std::lround((last - first) / step));
    for (int i = 0; i <= count; ++i) {
        const double time = first + i * step;
        readings.push_back({time, value(time)});
    }
    return readings;
}

ErrorCode codeOf(const ProbeFacts& probe, const std::vector<Reading>& readings, double from, double to) {
    const auto energy = energyBetween(probe, readings, from, to);
    EXPECT_FALSE(energy.ok());
    return energy ? ErrorCode::Cancelled : energy.error().code;
}

TEST(Energy, OfAConstantPower) {
    const auto energy = energyBetween(power, readingsOf([](double) { return 250.0; }, 0.0, 5.0), 1.03, 3.47);
    ASSERT_TRUE(energy.ok());
    EXPECT_NEAR(energy->joules, 250.0 * 2.44, 1e-9);
    EXPECT_NEAR(energy->seconds, 2.44, 1e-9);
    EXPECT_NEAR(energy->watts(), 250.0, 1e-9);
}

TEST(Energy, OfARampIsExactBetweenReadingsToo) {
    const auto readings = readingsOf([](double t) { return 100.0 + 40.0 * t; }, 0.0, 10.0);
    const double from = 2.517, to = 7.233;
    const auto energy = energyBetween(power, readings, from, to);
    ASSERT_TRUE(energy.ok());
    EXPECT_NEAR(energy->joules, 100.0 * (to - from) + 20.0 * (to * to - from * from), 1e-8);
    EXPECT_EQ(energy->readings, 47);  // at 2.6, 2.7, ... 7.2
}

TEST(Energy, OfUnevenReadings) {
    std::mt19937 random(5);
    std::uniform_real_distribution<double> step(0.05, 0.2);
    std::vector<Reading> readings;
    for (double t = 0.0; t < 20.0; t += step(random)) readings.push_back({t, 300.0 - 7.0 * t});
    const auto energy = energyBetween(power, readings, 1.0, 19.0);
    ASSERT_TRUE(energy.ok());
    EXPECT_NEAR(energy->joules, 300.0 * 18.0 - 3.5 * (361.0 - 1.0), 1e-8);
}

TEST(Energy, OfACounterIsADifference) {
    const auto readings = readingsOf([](double t) { return 1e7 + 75.0 * t; }, 0.0, 10.0);
    const auto energy = energyBetween(counter, readings, 2.55, 8.25);
    ASSERT_TRUE(energy.ok());
    EXPECT_NEAR(energy->joules, 75.0 * 5.7, 1e-6);
    EXPECT_NEAR(energy->watts(), 75.0, 1e-6);
}

TEST(Energy, OfACounterThatIsReadFasterThanItIsRenewed) {
    // Renewed every 0.1 s, read every 0.02 s: the repeats are not taken for time in which nothing was used.
    const auto readings = readingsOf([](double t) { return 500.0 + 20.0 * std::floor(t * 10.0 + 1e-6); }, 0.0, 10.0, 0.02);
    const auto energy = energyBetween(counter, readings, 2.01, 4.19);
    ASSERT_TRUE(energy.ok());
    EXPECT_NEAR(energy->joules, 200.0 * 2.18, 1e-6);
    EXPECT_EQ(energy->readings, 21);  // different ones
}

TEST(Energy, CoversNoMoreThanTheReadingsDo) {
    const auto energy = energyBetween(power, readingsOf([](double) { return 100.0; }, 2.0, 5.0), 0.0, 9.0);
    ASSERT_TRUE(energy.ok());
    EXPECT_NEAR(energy->seconds, 3.0, 1e-9);
    EXPECT_NEAR(energy->joules, 300.0, 1e-6);
    EXPECT_EQ(codeOf(power, readingsOf([](double) { return 100.0; }, 2.0, 5.0), 6.0, 9.0), ErrorCode::Unsupported);
    EXPECT_EQ(codeOf(power, readingsOf([](double) { return 100.0; }, 2.0, 5.0), 4.5, 9.0), ErrorCode::Unsupported);
    EXPECT_EQ(codeOf(power, {}, 0.0, 9.0), ErrorCode::Unsupported);
    EXPECT_EQ(codeOf(power, {{1.0, 100.0}}, 0.0, 9.0), ErrorCode::Unsupported);
}

TEST(Energy, OfAPowerLeavesGapsOut) {
    // Nobody read between 3 and 6 s; before 100 W, afterwards 300 W.
    auto readings = readingsOf([](double) { return 100.0; }, 0.0, 3.0);
    for (const auto& later : readingsOf([](double) { return 300.0; }, 6.0, 9.0)) readings.push_back(later);
    const auto energy = energyBetween(power, readings, 1.0, 8.0);
    ASSERT_TRUE(energy.ok());
    EXPECT_NEAR(energy->seconds, 4.0, 1e-9);
    EXPECT_NEAR(energy->joules, 100.0 * 2.0 + 300.0 * 2.0, 1e-6);
}

TEST(Energy, OfACounterCountsOverGaps) {
    auto readings = readingsOf([](double t) { return 100.0 * t; }, 0.0, 3.0);
    for (const auto& later : readingsOf([](double t) { return 1000.0 + 100.0 * t; }, 6.0, 9.0)) readings.push_back(later);
    const auto energy = energyBetween(counter, readings, 1.0, 8.0);
    ASSERT_TRUE(energy.ok());
    EXPECT_NEAR(energy->seconds, 7.0, 1e-9);
    EXPECT_NEAR(energy->joules, 1700.0, 1e-6);
}

TEST(Energy, OfAPowerThatIsReadMoreRarelyThanItIsRenewed) {
    // As a sampler does with a slow driver: no gaps, although each step is 7 periods.
    const auto energy = energyBetween(power, readingsOf([](double) { return 100.0; }, 0.0, 14.0, 0.7), 1.0, 13.0);
    ASSERT_TRUE(energy.ok());
    EXPECT_NEAR(energy->joules, 1200.0, 1e-6);
    // ... and its ends are as blurred as those of a slow sensor.
    EXPECT_EQ(codeOf(power, readingsOf([](double) { return 100.0; }, 0.0, 14.0, 0.7), 1.0, 5.0), ErrorCode::Unsupported);
    EXPECT_EQ(codeOf(counter, readingsOf([](double t) { return 100.0 * t; }, 0.0, 14.0, 0.7), 1.0, 5.0),
              ErrorCode::Unsupported);
}

TEST(Energy, OfTooShortAWindowSaysHowLongARunHasToBe) {
    const auto readings = readingsOf([](double) { return 100.0; }, 0.0, 5.0);
    EXPECT_TRUE(energyBetween(power, readings, 1.0, 2.0).ok());  // ten periods
    const auto energy = energyBetween(power, readings, 1.0, 1.9);
    ASSERT_FALSE(energy.ok());
    EXPECT_EQ(energy.error().code, ErrorCode::Unsupported);
    EXPECT_NE(energy.error().message.find("has to take 1 s or longer"), std::string::npos) << energy.error().message;
    EXPECT_NE(energy.error().message.find("it took 0.9 s"), std::string::npos) << energy.error().message;
}

TEST(Energy, OfTimesOrCountersThatGoBackIsNone) {
    const auto level = [](double) { return 100.0; };
    auto jumped = readingsOf(level, 0.0, 5.0);
    for (std::size_t i = 20; i < jumped.size(); ++i) jumped[i].time -= 1.5;
    EXPECT_EQ(codeOf(power, jumped, 0.5, 3.0), ErrorCode::BadInput);
    EXPECT_EQ(codeOf(counter, jumped, 0.5, 3.0), ErrorCode::BadInput);
    auto unsorted = readingsOf([](double t) { return 100.0 * t; }, 0.0, 5.0);
    std::swap(unsorted[7], unsorted[30]);
    EXPECT_EQ(codeOf(power, unsorted, 0.5, 3.0), ErrorCode::BadInput);
    EXPECT_EQ(codeOf(counter, readingsOf([](double t) { return t < 2.0 ? 900.0 + t : t; }, 0.0, 5.0), 0.5, 4.0),
              ErrorCode::BadInput);
    // A clock that jumped ahead is a gap.
    auto ahead = readingsOf(level, 0.0, 6.0);
    for (std::size_t i = 30; i < ahead.size(); ++i) ahead[i].time += 3600.0;
    const auto energy = energyBetween(power, ahead, 0.5, 3602.0);
    ASSERT_TRUE(energy.ok());
    EXPECT_LT(energy->joules, 600.0);
}

TEST(Energy, TwoReadingsOfOneMomentAreOne) {
    auto readings = readingsOf([](double) { return 100.0; }, 0.0, 5.0);
    readings.insert(readings.begin() + 20, Reading{readings[19].time, 1e6});
    const auto energy = energyBetween(power, readings, 1.0, 4.0);
    ASSERT_TRUE(energy.ok());
    EXPECT_NEAR(energy->joules, 300.0, 1e-6);
}

TEST(Energy, OfWhatIsNoNumberIsNone) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double infinite = std::numeric_limits<double>::infinity();
    const auto good = readingsOf([](double) { return 100.0; }, 0.0, 5.0);
    for (const double bad : {nan, infinite, -infinite}) {
        auto readings = good;
        readings[10].value = bad;
        EXPECT_EQ(codeOf(power, readings, 0.5, 4.5), ErrorCode::BadInput);
        readings = good;
        readings[10].time = bad;
        EXPECT_EQ(codeOf(power, readings, 0.5, 4.5), ErrorCode::BadInput);
        EXPECT_EQ(codeOf(power, good, bad, 4.5), ErrorCode::InvalidArgument);
        EXPECT_EQ(codeOf(power, good, 0.5, bad), ErrorCode::InvalidArgument);
    }
    EXPECT_EQ(codeOf(power, good, 4.0, 1.0), ErrorCode::InvalidArgument);
    EXPECT_EQ(codeOf(power, good, 1.0, 1.0), ErrorCode::InvalidArgument);
}

TEST(Energy, OfASensorThatTellsNothingIsNoZero) {
    EXPECT_EQ(codeOf(power, readingsOf([](double) { return 0.0; }, 0.0, 5.0), 1.0, 4.0), ErrorCode::Unsupported);
    EXPECT_EQ(codeOf(counter, readingsOf([](double) { return 77.0; }, 0.0, 5.0), 1.0, 4.0), ErrorCode::Unsupported);
    auto gone = power;
    gone.missing = "no such sensor";
    const auto energy = energyBetween(gone, readingsOf([](double) { return 100.0; }, 0.0, 5.0), 1.0, 4.0);
    ASSERT_FALSE(energy.ok());
    EXPECT_EQ(energy.error().message, "no such sensor");
    const ProbeFacts memory{.name = "host_memory.resident", .unit = "B"};
    EXPECT_EQ(codeOf(memory, readingsOf([](double) { return 100.0; }, 0.0, 5.0), 1.0, 4.0), ErrorCode::InvalidArgument);
}

TEST(Energy, AboveIdle) {
    const auto readings = readingsOf([](double t) { return t < 5.0 ? 80.0 : 280.0; }, 0.0, 10.0);
    const auto idle = idleWatts(power, readings, 1.0, 4.0);
    ASSERT_TRUE(idle.has_value());
    EXPECT_NEAR(*idle, 80.0, 1e-9);
    const auto energy = energyBetween(power, readings, 6.0, 9.0);
    ASSERT_TRUE(energy.ok());
    EXPECT_NEAR(aboveIdle(*energy, *idle), 600.0, 1e-6);
    EXPECT_FALSE(idleWatts(power, readings, 1.0, 1.5).has_value());
    const auto counted = readingsOf([](double t) { return 80.0 * t; }, 0.0, 10.0);
    EXPECT_NEAR(idleWatts(counter, counted, 1.0, 4.0).value_or(0.0), 80.0, 1e-6);
}

}  // namespace
}  // namespace ternion
