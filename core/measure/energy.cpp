#include "measure/energy.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <vector>

namespace ternion {
namespace {

std::string secondsText(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.3g s", value);
    return text.data();
}

Error tooShort(const ProbeFacts& probe, double step, const std::string& have) {
    return {ErrorCode::Unsupported,
            "it gives a new value every " + secondsText(step) + ", so a run has to take " + secondsText(leastPeriods * step) +
                " or longer; " + have,
            probe.name};
}

/// Seconds between two readings, as usual among these: a sampler may read more rarely than a sensor is renewed.
double usualStep(std::span<const Reading> readings) {
    std::vector<double> steps;
    steps.reserve(readings.size());
    for (std::size_t i = 1; i < readings.size(); ++i) steps.push_back(readings[i].time - readings[i - 1].time);
    if (steps.empty()) return 0.0;
    const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
    std::nth_element(steps.begin(), middle, steps.end());
    return *middle;
}

/// The readings that say something, in the order of their times.
Result<std::vector<Reading>> checked(const ProbeFacts& probe, std::span<const Reading> readings) {
    const bool counter = probe.kind == ProbeFacts::Kind::Counter;
    std::vector<Reading> used;
    used.reserve(readings.size());
    for (std::size_t i = 0; i < readings.size(); ++i) {
        const Reading& reading = readings[i];
        if (!std::isfinite(reading.time) || !std::isfinite(reading.value))
            return Error{ErrorCode::BadInput, "one of its readings is no number", probe.name};
        const double step = i == 0 ? 1.0 : reading.time - readings[i - 1].time;
        if (step < 0.0)
            return Error{ErrorCode::BadInput,
                         "its readings are not in the order of their times: the clock was set while they were taken",
                         probe.name};
        const double change = used.empty() ? 1.0 : reading.value - used.back().value;
        if (counter && change < 0.0)
            return Error{ErrorCode::BadInput, "its counter was set back while it was read", probe.name};
        // A counter that shows the same again was not renewed since: the reading that showed it first says when it was.
        if (step > 0.0 && !(counter && change == 0.0)) used.push_back(reading);
    }
    return used;
}

int differentBetween(std::span<const Reading> readings, double from, double to) {
    int count = 0;
    for (std::size_t i = 0; i < readings.size(); ++i)
        if (readings[i].time >= from && readings[i].time <= to && (i == 0 || readings[i].value != readings[i - 1].value))
            ++count;
    return count;
}

}  // namespace

Result<Energy> energyBetween(const ProbeFacts& probe, std::span<const Reading> readings, double from, double to) {
    if (!probe.missing.empty()) return Error{ErrorCode::Unsupported, probe.missing, probe.name};
    const bool counter = probe.kind == ProbeFacts::Kind::Counter;
    if (probe.unit != (counter ? "J" : "W"))
        return Error{ErrorCode::InvalidArgument, "it tells neither power nor energy", probe.name};
    if (!std::isfinite(from) || !std::isfinite(to) || to <= from)
        return Error{ErrorCode::InvalidArgument, "the window ends before it begins", probe.name};

    TERNION_TRY(const auto used, checked(probe, readings));
    constexpr double rounding = 1e-9;
    const double step = std::max(probe.period, usualStep(used));
    const double need = leastPeriods * step * (1.0 - rounding);
    if (to - from < need) return tooShort(probe, step, "it took " + secondsText(to - from));
    Energy energy{.readings = differentBetween(used, from, to)};
    constexpr double usual = 5.0;  // a longer step is a gap: nobody knows what power there was
    const double longest = counter ? std::numeric_limits<double>::infinity() : usual * step;
    for (std::size_t i = 1; i < used.size(); ++i) {
        const Reading &a = used[i - 1], &b = used[i];
        const double begin = std::max(a.time, from), end = std::min(b.time, to);
        if (end <= begin || b.time - a.time > longest) continue;
        const auto at = [&](double time) { return a.value + (b.value - a.value) * ((time - a.time) / (b.time - a.time)); };
        energy.seconds += end - begin;
        energy.joules += counter ? at(end) - at(begin) : (at(begin) + at(end)) / 2.0 * (end - begin);
    }
    if (energy.seconds <= 0.0 || energy.seconds < need)
        return tooShort(probe, step, "its readings cover " + secondsText(energy.seconds) + " of it");
    if (!std::isfinite(energy.joules) || energy.joules <= 0.0)
        return Error{ErrorCode::Unsupported, "what its sensor told is no energy that a device could have used", probe.name};
    return energy;
}

std::optional<double> idleWatts(const ProbeFacts& probe, std::span<const Reading> readings, double from, double to) {
    const auto energy = energyBetween(probe, readings, from, to);
    return energy ? std::optional(energy->watts()) : std::nullopt;
}

}  // namespace ternion
