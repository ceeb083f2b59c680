// How fast a device reads and writes: what `ternion-cli bench` and the benchmarks of the workbench run.
#pragma once

#include <memory>
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
    double energySeconds = 0.0;  ///< decodes on for so long after the timed tokens, so that a slow sensor sees it; and rests for
                                 ///< 2 s before. 0: neither

    std::string toJson() const;
    static Result<BenchmarkPlan> fromJson(const std::string& json);
};

struct BenchmarkResult {
    double prefillTokensPerSecond = 0.0;
    std::vector<double> tokenSeconds;  ///< sampling included; tokens that come together share theirs
    double decodeSeconds = 0.0;
    std::uint64_t residentAfterFirst = 0, residentAfterLast = 0;
    double readBandwidth = 0.0;  ///< B/s, measured after it on the same device
    double rooflineFraction = 0.0;
    MemoryUse memory;
    double tokensPerSecond() const;
    double percentile(double share) const;  ///< of tokenSeconds, nearest rank
};

/// Runs it; where `recorder` is given its run is begun by the caller, told of everything here, and ended by the caller with
/// figuresOf(). InvalidArgument, Cancelled, and what a device fails with.
Result<BenchmarkResult> runBenchmark(const std::shared_ptr<DeviceModel>& device, const BenchmarkPlan& plan,
                                     const Progress& progress, RunRecorder* recorder);

/// What a recorder cannot know by itself: prefill_tok_s, read_bandwidth_Bps, roofline_fraction, weight_bytes, ...
std::vector<Figure> figuresOf(const BenchmarkResult& result);

/// Facts of a run of this model on this device; the caller adds what else it knows.
RunFacts factsOf(std::string kind, const DeviceModel& device, const std::string& modelHash, const std::string& modelPath);

}  // namespace ternion
