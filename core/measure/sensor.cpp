#include "measure/sensor.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

namespace ternion {
namespace {

using Clock = std::chrono::steady_clock;

class SensorProbe final : public Probe {
public:
    explicit SensorProbe(Sensor sensor) : sensor_(std::move(sensor)) {}

    const ProbeFacts& facts() const override { return sensor_.facts; }
    Result<double> read() override {
        if (!facts().missing.empty()) return Error{ErrorCode::Unsupported, facts().missing, facts().name};
        return sensor_.read();
    }

private:
    Sensor sensor_;
};

/// A sensor, and when its value changed.
class Watched {
public:
    explicit Watched(Sensor& sensor) : sensor_(&sensor) {}

    bool done() const {
        constexpr int enough = 6;
        return failed_ || changes_ >= enough;
    }
    void look() {
        const auto begin = Clock::now();
        const auto value = sensor_->read();
        const auto now = begin + (Clock::now() - begin) / 2;
        failed_ = !value.ok();
        if (failed_) return;
        if (value_ && *value_ != *value) {
            const double gap = std::chrono::duration<double>(now - changed_).count();
            if (changes_++ > 0)
                period_ = std::min(period_.value_or(gap), gap);  // a longer one missed a value that was the same
            changed_ = now;
        }
        value_ = *value;
    }
    void tell() const {
        constexpr double assumed = 0.1;
        sensor_->facts.period = period_.value_or(assumed);
        if (!period_) sensor_->facts.detail += "; how often it is renewed was not seen, 0.1 s is assumed";
    }

private:
    Sensor* sensor_;
    std::optional<double> value_;
    std::optional<double> period_;  // the shortest time between two changes
    Clock::time_point changed_;
    int changes_ = 0;
    bool failed_ = false;
};

}  // namespace

Sensor triedSensor(ProbeFacts facts, std::function<Result<double>()> read) {
    if (const auto first = read(); !first) {
        facts.missing = first.error().text();
        return {std::move(facts)};
    }
    return {std::move(facts), std::move(read)};
}

void watchPeriods(std::vector<Sensor>& sensors) {
    constexpr auto longest = std::chrono::milliseconds(300);
    constexpr auto pause = std::chrono::milliseconds(1);
    std::vector<Watched> all;
    all.reserve(sensors.size());
    for (auto& sensor : sensors)
        if (sensor.facts.missing.empty() && sensor.facts.period == 0.0) all.emplace_back(sensor);
    const auto done = [](const Watched& one) { return one.done(); };
    for (const auto begin = Clock::now(); Clock::now() - begin < longest && !std::all_of(all.begin(), all.end(), done);) {
        for (auto& one : all)
            if (!one.done()) one.look();
        std::this_thread::sleep_for(pause);
    }
    for (const auto& one : all) one.tell();
}

Probes probesOf(std::vector<Sensor> sensors) {
    Probes probes;
    probes.reserve(sensors.size());
    for (auto& sensor : sensors) probes.push_back(std::make_unique<SensorProbe>(std::move(sensor)));
    return probes;
}

}  // namespace ternion
