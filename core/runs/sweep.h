// Many benchmarks, one after another: models, devices, packings and lengths against each other.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/progress.h"
#include "store/run_store.h"

namespace ternion {

struct SweepPlan {
    std::vector<std::string>
        models;  ///< "370M", "1.3B", "2.7B": random trits of the published shapes; empty text: the open model
    std::vector<std::string> backends;  ///< DeviceInfo::id()
    std::vector<Packing> packings{Packing::Auto};
    std::vector<int> promptTokens{512};
    int tokens = 128;
    int repeats = 3;
    bool kernels = false;
    double energySeconds = 0.0;  ///< BenchmarkPlan::energySeconds
    std::string name;            ///< that its runs share; they are found by it
};

struct SweepStep {
    std::string model, backend;
    Packing packing = Packing::Auto;
    int promptTokens = 0;
    int repeat = 0;            ///< 0, 1, ...
    std::string text() const;  ///< "1.3B on vulkan:0, prompt 512"
};

/// In the order in which they run: each repeat goes through all combinations before the next one begins, so that what changes
/// with time (temperature, other programs) does not fall on one combination alone.
std::vector<SweepStep> stepsOf(const SweepPlan& plan);

struct SweepContext {
    const BackendRegistry& registry;
    RunStore& store;
    std::shared_ptr<const Model> openModel;  ///< null: none is open
    std::string openHash, openPath;
};

struct SweepOutcome {
    int done = 0;                       ///< runs that were recorded
    std::vector<std::string> failures;  ///< of steps: "2.7B on cpu: ..."; the others went on
    bool cancelled = false;
    std::string name;  ///< of the plan
};

/// `onStep(step, done, all)` before each. A step that fails is told in the outcome and the next one begins; InvalidArgument's
/// like an empty list too. One thread.
SweepOutcome runSweep(const SweepPlan& plan, const SweepContext& context, const Progress& progress,
                      const std::function<void(const SweepStep&, int done, int all)>& onStep);

}  // namespace ternion
