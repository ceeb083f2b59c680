// The same tokens on two devices or more, step by step: where do they part ways, and by how much?
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "engine/sampler.h"

namespace ternion {

/// What decides which tokens a side is fed after the prompt.
enum class Feeding : std::uint8_t {
    FirstSide,  ///< the first side's text, on all sides: whatever differs, the input does not
    OwnText,    ///< each side's own; tensors are compared while the texts are the same
};

struct LockstepPlan {
    std::vector<TokenId> prompt;  ///< one token at least
    int tokens = 64;              ///< fed after the prompt
    Feeding feeding = Feeding::FirstSide;
    SamplerSettings sampler;
    std::vector<TraceTensor> tensors = {};  ///< compared in every layer; empty: all
    /// Differences up to here are none. Nothing: 0 where both sides compute the fixed profile or both the float profile, since
    /// those are equal to the bit; else there is no limit, and what is least alike is told instead.
    std::optional<double> threshold = {};
    bool stopAtDivergence = false;
};

/// Of one tensor at one token, a side against the first.
struct TensorDifference {
    float maxAbs = 0.0F;    ///< infinity where one of the two is no number
    float relative = 0.0F;  ///< |a - b| / |a|, both Euclidean
    int channel = 0;        ///< where maxAbs is
};

/// One step of one side.
struct SideStep {
    int position = 0;  ///< of the token that was fed
    TokenId token = 0;
    std::vector<float> logits;  ///< `[V]` after it
    Trace trace;                ///< of the plan's tensors, in the order of lockstepItems()
    double seconds = 0.0;       ///< wall time
    std::optional<CycleCounts> cycles = {};
    MemoryUse memory = {};  ///< of the device, after it
};

/// A side against the first at one token. Only where both were fed the same.
struct StepComparison {
    int side = 1;
    int position = 0;
    std::vector<TensorDifference> tensors;  ///< in the order of lockstepItems()
    double kl = 0.0;                        ///< of the first side's next token
    bool sameTop = true;                    ///< the most probable next token
    float logitsMaxAbs = 0.0F;
};

/// The first intermediate, in the order of the pass, that differs by more than the threshold.
struct Divergence {
    int side = 1;
    int position = 0;
    std::optional<TraceRequest::Item> item;  ///< nothing: the logits
    int channel = 0;
    float first = 0.0F, other = 0.0F;
};
/// "token 12, layer 3, forget_gate, channel 17: 0.25 became 0.5"
std::string describe(const Divergence& divergence);

/// Told on a thread of the comparison's own, one call at a time; returns quickly, or the comparison waits.
struct LockstepListener {
    std::function<void(int side, const std::shared_ptr<const SideStep>& step)> stepped;
    std::function<void(const StepComparison& comparison)> compared;
    std::function<void(int side, const Error& error)> failed;  ///< the other sides go on
};

struct SideResult {
    std::vector<TokenId> tokens;  ///< fed, the prompt's included
    std::vector<double> seconds;  ///< of each
    std::vector<CycleCounts> cycles;
    MemoryUse memory;
    std::optional<Error> error;  ///< what ended it early
};

/// Of one side against the first, over all tokens that were compared.
struct ComparisonSummary {
    int side = 1;
    int compared = 0;                     ///< tokens
    std::vector<TensorDifference> worst;  ///< in the order of lockstepItems()
    double meanKl = 0.0, maxKl = 0.0;
    float logitsMaxAbs = 0.0F;
    int sameTop = 0;
    std::optional<Divergence> divergence;
    double top1Agreement() const { return compared == 0 ? 1.0 : static_cast<double>(sameTop) / compared; }
    float maxAbs() const;  ///< over all tensors and the logits
};

struct LockstepResult {
    std::vector<SideResult> sides;
    std::vector<ComparisonSummary> comparisons;  ///< of sides 1, 2, ...
    bool stopped = false;                        ///< by the user
};

/// What is compared of each token, in the order of the pass: `plan.tensors` of layer 0, of layer 1, ...
std::vector<TraceRequest::Item> lockstepItems(const LockstepPlan& plan, const ModelConfig& config);

/// InvalidArgument for sides that cannot be compared or a plan that is none.
Status checkLockstep(const std::vector<std::shared_ptr<DeviceModel>>& sides, const LockstepPlan& plan);

/// Runs the sides at once, each on a thread of its own from an empty state; none is more than some steps ahead of the others.
/// The models need not be the same, but their vocabularies and shapes. Fails as checkLockstep() does (nothing has run).
/// A side that fails ends alone.
Result<LockstepResult> runLockstep(const std::vector<std::shared_ptr<DeviceModel>>& sides, const LockstepPlan& plan,
                                   const LockstepListener& listener, const std::stop_token& stop);

}  // namespace ternion
