// What an intervention does to an answer: the same question answered again, and how much it changes every token of the old
// answer.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "engine/session.h"

namespace ternion {

struct InterventionEffect {
    std::vector<TokenId> answer;  ///< written with the intervention
    GenerateResult result;        ///< of writing it
    /// Of each token of the old answer, all tokens before it being the old ones: KL(as it is || edited) of what it was drawn
    /// from, in nats, and its probability in both.
    std::vector<double> divergence;
    std::vector<double> probability, editedProbability;
};

/// Answers `prompt` with the intervention (`options`: the sampler and seed of the old answer) and compares it with `answer`,
/// both on states of their own. `onToken` is told of each new token. Without edits the new answer is the old one and every
/// divergence zero. Fails like Session and DeviceModel::forward; Cancelled by options.stop.
Result<InterventionEffect> measureIntervention(const std::shared_ptr<DeviceModel>& device,
                                               const std::shared_ptr<const Tokenizer>& tokenizer,
                                               std::span<const TokenId> prompt, std::span<const TokenId> answer,
                                               const GenerateOptions& options, const Intervention& intervention,
                                               const std::function<void(const GeneratedToken&)>& onToken);

}  // namespace ternion
