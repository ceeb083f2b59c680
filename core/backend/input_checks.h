// What every backend asks of its input before anything runs, so that the answer is the same on all of them.
#pragma once

#include <cstddef>
#include <span>

#include "backend/backend.h"

namespace ternion {

/// Of a pass over `tokens` tokens: rows of logits that it gives, of its last tokens.
inline int logitRowsOf(LogitsWanted wanted, int tokens) {
    return wanted == LogitsWanted::All ? tokens : wanted == LogitsWanted::Last && tokens > 0 ? 1 : 0;
}

// Each gives InvalidArgument, saying what was expected and what was found.

/// Every token is in the vocabulary.
Status checkTokens(std::span<const TokenId> tokens, const ModelConfig& config);
/// The model has this layer, and `values` are whole rows of hidden_size.
Status checkLayerInput(int layer, std::size_t values, const ModelConfig& config);
/// The norm is as wide as the matrix, and `values` are whole rows of that width.
Status checkBitLinearInput(const BitLinear& linear, std::size_t values);
/// The snapshot is of a state of `floats` values.
Status checkSnapshot(const StateSnapshot& snapshot, std::size_t floats);

}  // namespace ternion
