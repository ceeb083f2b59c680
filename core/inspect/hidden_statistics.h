// What the residual stream looks like: how long its states are, which way they point, and which of them are alike.
#pragma once

#include <span>
#include <stop_token>
#include <vector>

#include "backend/trace.h"
#include "inspect/trace_store.h"

namespace ternion {

/// States of one depth, `[T]` rows of `[D]`. Depth 0 is the embedding; depth l + 1 is what leaves layer l. A view: what it was
/// made from must live.
using States = std::vector<std::span<const float>>;

/// What has to be traced for the states of a depth, 0 to numLayers.
TraceRequest::Item stateAt(int depth);

/// Of `[T, D]` values, row-major; and of the tokens `first` to `end` - 1 of a trace that has them.
States statesOf(std::span<const float> values, int width);
States statesOf(const TraceSeries& series, int first, int end);

double norm(std::span<const float> state);            ///< L2
double rootMeanSquare(std::span<const float> state);  ///< L2 / sqrt(D): what RMSNorm divides by
/// -1 to 1; 0 where either has no length.
double cosine(std::span<const float> a, std::span<const float> b);

/// `[n, n]`, symmetric, of n depths: their cosines for each token, averaged over the tokens. Every depth has the same tokens.
/// Cancelled.
Result<std::vector<float>> cosinesBetween(std::span<const States> depths, const std::stop_token& stop);

struct Neighbour {
    int token = 0;  ///< an index into the states
    float cosine = 0.0F;
};
/// The `count` states most like that of `token`, itself left out, descending; the earlier one first among equals.
std::vector<Neighbour> nearest(const States& states, int token, int count);

}  // namespace ternion
