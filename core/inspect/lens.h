// The logit lens: what the model would say if it ended at some depth (nostalgebraist, "interpreting GPT: the logit lens",
// 2020).
#pragma once

#include <limits>
#include <span>
#include <stop_token>
#include <vector>

#include "backend/backend.h"
#include "engine/sampler.h"

namespace ternion {

/// One state, read by the final norm and the head.
struct LensCell {
    std::vector<TokenProbability> top;  ///< the most probable next tokens, descending
    TokenId actual = -1;                ///< the token that does come next in the text; -1: there is none yet
    int actualRank = 0;                 ///< 1: the most probable; the lower id first among equals. 0: there is none
    float actualProbability = 0.0F;
    /// KL(output || this) in nats, from what the whole model says; NaN where its logits were not given.
    float divergence = std::numeric_limits<float>::quiet_NaN();
};

/// Of logits `[V]`; `top` holds the `k` most probable. `output` are the whole model's logits `[V]`, or empty.
LensCell lensCell(std::span<const float> logits, TokenId actual, int k, std::span<const float> output = {});

/// Of states `[T, D]` of one depth. `following[t]` is the token after state t; those beyond its end have none. `output` is
/// `[T, V]`, or empty. InvalidArgument for a token outside the vocabulary; Cancelled between a few tokens; and as
/// DeviceModel::readOut().
Result<std::vector<LensCell>> lens(DeviceModel& device, std::span<const float> states, std::span<const TokenId> following,
                                   int k, const std::stop_token& stop, std::span<const float> output = {});

}  // namespace ternion
