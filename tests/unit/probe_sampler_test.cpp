// When probes are read, how much of the time that takes, and what happens when one fails.
#include "measure/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

namespace ternion {
namespace {

using namespace std::chrono_literals;
using Clock = ProbeSampler::Clock;

/// Takes `cost` to read, tells how often that was, and fails after `lasts` readings.
class CountedProbe : public Probe {
public:
    struct Counts {
        std::atomic<int> readings = 0;
        std::atomic<std::int64_t> nanoseconds = 0;  // of all but the last
        std::atomic<std::int64_t> last = 0;
        double seconds() const { return static_cast<double>(nanoseconds) * 1e-9; }
    };
    CountedProbe(ProbeFacts facts, std::shared_ptr<Counts> counts, Clock::duration cost = {}, int lasts = -1)
        : facts_(std::move(facts)), counts_(std::move(counts)), cost_(cost), lasts_(lasts) {}
    const ProbeFacts& facts() const override { return facts_; }
    Result<double> read() override {
        const auto begin = Clock::now();
        if (cost_ > 0s) std::this_thread::sleep_for(cost_);
        counts_->nanoseconds += counts_->last.exchange((Clock::now() - begin).count());
        const int count = ++counts_->readings;
        if (lasts_ >= 0 && count > lasts_) return Error{ErrorCode::DeviceLost, "it fell off the bus", facts_.name};
        return count;
    }

private:
    ProbeFacts facts_;
    std::shared_ptr<Counts> counts_;
    Clock::duration cost_;
    int lasts_;
};

class ProbeSampling : public testing::Test {
protected:
    struct Told {
        std::size_t probe = 0;
        Clock::time_point time;
        double value = 0.0;
    };

    std::shared_ptr<CountedProbe::Counts> add(const ProbeFacts& facts, Clock::duration cost = {}, int lasts = -1) {
        auto counts = std::make_shared<CountedProbe::Counts>();
        probes_->push_back(std::make_unique<CountedProbe>(facts, counts, cost, lasts));
        return counts;
    }
    void sampleFor(Clock::duration time, const SamplerOptions& options = {}) {
        begin_ = Clock::now();
        {
            const ProbeSampler sampler(
                probes_,
                [&](std::size_t probe, Clock::time_point when, double value) {
                    const std::lock_guard lock(mutex_);
                    told_.push_back({probe, when, value});
                },
                [&](std::size_t probe, const Error& error) {
                    const std::lock_guard lock(mutex_);
                    gone_.emplace_back(probe, error.message);
                },
                options);
            std::this_thread::sleep_for(time);
            stopped_ = Clock::now();
        }
        end_ = Clock::now();
    }
    int toldOf(std::size_t probe) const {
        return static_cast<int>(std::count_if(told_.begin(), told_.end(), [&](const Told& t) { return t.probe == probe; }));
    }
    double seconds() const { return std::chrono::duration<double>(end_ - begin_).count(); }

    std::shared_ptr<Probes> probes_ = std::make_shared<Probes>();
    std::mutex mutex_;
    std::vector<Told> told_;
    std::vector<std::pair<std::size_t, std::string>> gone_;
    Clock::time_point begin_, stopped_, end_;
};

ProbeFacts every(double period, std::string name = "power.gpu") {
    return {.name = std::move(name), .unit = "W", .period = period};
}

TEST_F(ProbeSampling, IsAsOftenAsEachSensorHasSomethingNewWithinTheLimits) {
    add(every(0.001));  // no more often than 0.05 s
    add(every(0.2));
    add(every(30.0));  // at least every 0.4 s
    sampleFor(1s, {.leastPeriod = 0.05, .mostPeriod = 0.4, .share = 0.5});
    // At 0, 0.05, ... : a busy machine may miss some, but none is read more often.
    EXPECT_GE(toldOf(0), 10);
    EXPECT_LE(toldOf(0), static_cast<int>(seconds() / 0.05) + 1);
    EXPECT_GE(toldOf(1), 3);
    EXPECT_LE(toldOf(1), static_cast<int>(seconds() / 0.2) + 1);
    EXPECT_GE(toldOf(2), 2);
    EXPECT_LE(toldOf(2), static_cast<int>(seconds() / 0.4) + 1);
    EXPECT_TRUE(gone_.empty());
}

TEST_F(ProbeSampling, TellsEveryReadingWithItsTime) {
    const auto counts = add(every(0.05));
    sampleFor(400ms);
    ASSERT_GE(told_.size(), 2U);
    EXPECT_EQ(counts->readings, static_cast<int>(told_.size()));
    for (std::size_t i = 0; i < told_.size(); ++i) {
        EXPECT_EQ(told_[i].value, static_cast<double>(i + 1));
        EXPECT_GE(told_[i].time, i == 0 ? begin_ : told_[i - 1].time + 45ms);
        EXPECT_LE(told_[i].time, end_);
    }
}

TEST_F(ProbeSampling, OfSlowProbesTakesNoMoreThanItsShare) {
    const auto quick = add(every(0.05));
    const auto slow = add(every(0.05), 10ms);
    const auto slower = add(every(0.05), 20ms);
    constexpr double share = 0.1;
    sampleFor(2s, {.leastPeriod = 0.05, .mostPeriod = 0.1, .share = share});
    // What a reading took is rested for after it. At the beginning nobody knows yet that there are two slow ones.
    EXPECT_LE(slow->seconds() + slower->seconds(), share * seconds() + 0.02);
    EXPECT_GE(slow->readings, 3);  // and yet each is read
    EXPECT_GE(slower->readings, 2);
    EXPECT_GE(quick->readings, 15);  // the quick one does not suffer
}

TEST_F(ProbeSampling, OfASlowProbeWaitsItsTimeByTheShare) {
    const auto slow = add(every(0.05), 10ms);
    sampleFor(900ms, {.leastPeriod = 0.05, .mostPeriod = 0.1, .share = 0.02});  // 10 ms every 0.5 s
    EXPECT_GE(slow->readings, 1);
    EXPECT_LE(slow->readings, 2);
}

TEST_F(ProbeSampling, ReadsTogetherWhatComesFromOneReading) {
    for (const char* name : {"host_memory.resident", "host_memory.private"}) {
        auto facts = every(0.0, name);
        facts.together = "smaps_rollup";
        add(facts, name == std::string("host_memory.resident") ? 5ms : 0ms);
    }
    sampleFor(500ms, {.leastPeriod = 0.05, .mostPeriod = 1.0, .share = 0.1});
    ASSERT_GE(told_.size(), 4U);
    ASSERT_EQ(told_.size() % 2, 0U);
    for (std::size_t i = 0; i < told_.size(); i += 2) {
        EXPECT_EQ(told_[i].probe, 0U);
        EXPECT_EQ(told_[i + 1].probe, 1U);
    }
}

TEST_F(ProbeSampling, TellsOnceThatAProbeHasGone) {
    const auto counts = add(every(0.05), 0ms, 2);
    add(every(0.05));
    sampleFor(500ms);
    EXPECT_EQ(counts->readings, 3);
    EXPECT_EQ(toldOf(0), 2);
    EXPECT_GE(toldOf(1), 4);
    ASSERT_EQ(gone_.size(), 1U);
    EXPECT_EQ(gone_[0].first, 0U);
    EXPECT_EQ(gone_[0].second, "it fell off the bus");
}

TEST_F(ProbeSampling, LeavesMissingProbesAlone) {
    auto facts = every(0.05);
    facts.missing = "no such sensor";
    const auto counts = add(facts);
    sampleFor(200ms);
    EXPECT_EQ(counts->readings, 0);
    EXPECT_TRUE(told_.empty());
    EXPECT_TRUE(gone_.empty());
}

TEST_F(ProbeSampling, EndsAtOnce) {
    add(every(100.0));
    sampleFor(100ms, {.leastPeriod = 0.05, .mostPeriod = 100.0, .share = 0.005});
    EXPECT_LT(end_ - stopped_, 1s);
    EXPECT_EQ(told_.size(), 1U);
}

TEST_F(ProbeSampling, IsIdleBetweenReadings) {
    add(every(0.05));
    timespec before{}, after{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    sampleFor(1s);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    const double used =
        static_cast<double>(after.tv_sec - before.tv_sec) + static_cast<double>(after.tv_nsec - before.tv_nsec) * 1e-9;
    EXPECT_LT(used, 0.02 * seconds());
}

}  // namespace
}  // namespace ternion
