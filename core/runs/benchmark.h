// How fast a device reads and writes: what `ternion-cli bench` and the benchmarks of the workbench run.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/progress.h"
#include "engine/sampler.h"
#include "store/run_records.h"

namespace ternion {

class RunRecorder;

struct BenchmarkPlan {
    int promptTokens = 512;  ///< of the prefill run; 0 leaves it out
    int tokens = 128;        ///< of the decode run
    SamplerSettings sampler;
    int tracedLayer = -1;        ///< its gates are traced while decoding; -1: none
    bool kernels = false;        ///< times each kernel too
    double energySeconds = 0.0;  ///< rests for `restSeconds` before, and decodes for so long at least, so that a slow sensor
                                 ///< sees both; 0: neither
    static constexpr double restSeconds = 3.0;

    std::string toJson() const;  ///< but for the sampler, which a run keeps apart
    /// BadInput for what is no plan.
    static Result<BenchmarkPlan> fromJson(const std::string& json);
    bool operator==(const BenchmarkPlan&) const = default;
};

struct BenchmarkResult {
    double prefillTokensPerSecond = 0.0;
    std::vector<double> tokenSeconds;  ///< sampling included; tokens that come together share theirs
    double decodeSeconds = 0.0;
    std::uint64_t residentAfterFirst = 0, residentAfterLast = 0;
    std::optional<double> readBandwidth;  ///< B/s, measured after it on the same device
    std::string bandwidthMissing;         ///< why it was not
    std::optional<CycleCounts> cycles;    ///< of the last token, where the device counts them
    MemoryUse memory;
    std::optional<PassTimes> decodeKernels, prefillKernels;
    std::string kernelsMissing;      ///< why they were not timed
    double tokensPerSecond() const;  ///< of decode
    /// Of decode: weight bytes a token / readBandwidth / seconds a token; nothing without a bandwidth.
    std::optional<double> rooflineFraction() const;
};

/// InvalidArgument (before anything runs), Cancelled, and what a device fails with.
Result<BenchmarkResult> runBenchmark(const std::shared_ptr<DeviceModel>& device, const BenchmarkPlan& plan,
                                     const Progress& progress);
/// The same, as a run that `recorder` writes down from its beginning to its end, however it ends. `facts` lacks what the plan
/// knows.
Result<BenchmarkResult> recordBenchmark(const std::shared_ptr<DeviceModel>& device, const BenchmarkPlan& plan, RunFacts facts,
                                        const Progress& progress, RunRecorder& recorder);

/// One pass over `tokens` tokens, each kernel with the median of several such passes.
Result<PassTimes> medianKernelTimes(DeviceModel& device, int tokens);

}  // namespace ternion
