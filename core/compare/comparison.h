// A comparison from what is asked for to what is kept: its devices, its sides as runs, and their link in the store.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/progress.h"
#include "compare/comparison_report.h"
#include "compare/lockstep.h"
#include "measure/probes.h"
#include "store/run_store.h"

namespace ternion {

/// One side: a model on a device.
struct ComparisonSide {
    std::string backend;  ///< DeviceInfo::id()
    std::shared_ptr<const Model> model;
    std::string modelPath;  ///< where it was opened from; empty: random trits
    std::string modelHash;  ///< empty: it is computed
    Packing packing = Packing::Auto;
    Profile profile = Profile::Auto;
};

struct ComparisonPlan {
    std::vector<ComparisonSide> sides;  ///< two or three
    LockstepPlan lockstep;
    std::string prompt;        ///< as text, special tokens spelled out; empty: not known
    bool texts = true;         ///< the runs keep prompt and token ids
    double restSeconds = 0.0;  ///< before it, so that sensors see what the idle devices take; 0: none
};

/// How the runs of a comparison come about.
struct ComparisonRecording {
    ProbeSources sources = {};
    /// The runs have begun: a side's number in the store, 0 where it is not recorded. On recordComparison's thread.
    std::function<void(const std::vector<std::int64_t>& runs)> began = {};
};

/// Each side loaded on its device, one after another; a device may carry several. Errors as BackendRegistry::load, naming the
/// side.
Result<std::vector<std::shared_ptr<DeviceModel>>> loadSides(const BackendRegistry& registry, const ComparisonPlan& plan,
                                                            const Progress& progress);

/// runLockstep(), with each side as a run of kind "compare" (its latencies, memory and power are samples of it, the cycles of a
/// device that counts them a modelled or measured series beside) and, once it has ended however it did, all runs linked as one
/// comparison in the store with its report. Figures of sides 1, 2: max_abs, logits_max_abs, kl, top1_agreement,
/// compared_tokens; decode is what comes after the prompt. An energy that a sensor cannot tell apart, since sides share it or
/// one has waited for the other, is missing. Without a store the runs go to one that is gone afterwards. A store that refuses
/// never fails the comparison: log() tells. Calls `listener` as runLockstep does. Errors as checkLockstep's; Cancelled in the
/// rest before it.
Result<ComparisonReport> recordComparison(const std::vector<std::shared_ptr<DeviceModel>>& sides, const ComparisonPlan& plan,
                                          const LockstepListener& listener, const std::stop_token& stop, RunStore* store,
                                          const ComparisonRecording& recording = {});

/// What a side's run was asked, to do it again. Unsupported where its prompt is not recorded, BadInput for a run that is no
/// side of a comparison.
Result<LockstepPlan> lockstepPlanOf(const RunFacts& facts, const RunTexts& texts);

}  // namespace ternion
