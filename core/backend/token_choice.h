// How the next token is chosen from logits, to the bit: what a sampler on the host and a kernel on a device compute alike.
// vulkan-shaders/choose_token.glsl is the same in GLSL.
//
// A token weighs exp((logit - largest) / temperature), rounded down to one of 2^24 steps. From there on all is done in
// integers, whose sums know no order. Every filter is a least weight, found bit by bit: tokens that weigh the same stay or go
// together.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/model_config.h"

namespace ternion {

struct TokenChoice {
    float inverseTemperature = 0.0F;  ///< 0: the most probable token, the lowest id among equals
    std::uint32_t topK = 0;           ///< the k heaviest; 0: all
    std::uint32_t topP = 0;           ///< the heaviest that together reach this of all that top-k left, in 2^-32; 0: all
    std::uint32_t leastWeight = 1;    ///< min-p: what a token weighs at least, in these steps

    bool draws() const { return inverseTemperature > 0.0F; }
};

/// The token that `draw`, one of 2^32 equally probable numbers, falls on. `weights` is room to work in.
TokenId chooseToken(std::span<const float> logits, const TokenChoice& choice, std::uint32_t draw,
                    std::vector<std::uint32_t>& weights);

}  // namespace ternion
