// How far one distribution of the next token is from another.
#pragma once

#include <cstddef>
#include <span>

namespace ternion {

/// KL(softmax(p) || softmax(q)) of two rows of logits, in nats: what is lost by taking q for p. In double.
double divergence(std::span<const float> p, std::span<const float> q);

/// Of one token under softmax(logits).
double probabilityOf(std::size_t token, std::span<const float> logits);

}  // namespace ternion
