// How much each token changes a state, and how two texts differ.
#pragma once

#include <span>
#include <stop_token>
#include <vector>

#include "inspect/trace_store.h"
#include "model/model_config.h"

namespace ternion {

/// |h_t - h_(t-1)| / |h_t| of each token of a series of states, from its first token on; before the conversation's first token
/// h is zero, so that its change is 1. Where the state is zero: 0. The first of a series whose beginning was dropped: NaN.
std::vector<double> relativeChange(const TraceSeries& states, const std::stop_token& stop = {});

/// Of two token sequences, those that are in both in the same order (a longest common subsequence): true where a
/// token stands in the other too. Takes time and memory of the product of what differs.
struct SequenceMatch {
    std::vector<bool> first, second;
};
SequenceMatch matchSequences(std::span<const TokenId> first, std::span<const TokenId> second);

}  // namespace ternion
