// Reads probes on a thread of its own, each as often as its sensor has something new.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "measure/probes.h"

namespace ternion {

struct SamplerOptions {
    double leastPeriod = 0.05;  ///< no probe is read more often (seconds)
    double mostPeriod = 1.0;    ///< nor less often, unless `share` asks for it
    double share = 0.005;       ///< above 0: of one core's time that all readings may take; slow probes are read more rarely
};

/// From construction to destruction. `onReading(index of the probe, steady time, value)` is called on the sampler's thread; a
/// probe that fails is told once by `onGone(index, error)` and not read again. Probes that are missing are not read.
class ProbeSampler {
public:
    using Clock = std::chrono::steady_clock;
    ProbeSampler(std::shared_ptr<const Probes> probes, std::function<void(std::size_t, Clock::time_point, double)> onReading,
                 std::function<void(std::size_t, const Error&)> onGone, const SamplerOptions& options = {});

private:
    void run(const std::stop_token& stop);
    bool readOne(std::size_t probe);  ///< false: it has gone

    std::shared_ptr<const Probes> probes_;
    std::function<void(std::size_t, Clock::time_point, double)> onReading_;
    std::function<void(std::size_t, const Error&)> onGone_;
    SamplerOptions options_;
    std::jthread thread_;  // last: it uses the above
};

}  // namespace ternion
