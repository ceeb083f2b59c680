// A matrix of trits as an image: the whole of it at a glance, single trits from near.
#pragma once

#include <span>
#include <stop_token>

#include "inspect/pixel_grid.h"
#include "model/ternary_matrix.h"

namespace ternion {

/// Of the trits under each of `[height, width]` pixels of `region` (which lies in the matrix; cellsUnder() says which they
/// are): their mean, -1 to 1, and the share of zeros, 0 to 1; row-major. Either span may be empty: then it is not wanted.
/// Returns early, with whatever is there, once `stop` is requested.
void reduceTrits(const TernaryMatrix& matrix, const MatrixRegion& region, int height, int width, std::span<float> mean,
                 std::span<float> zeroShare, const std::stop_token& stop = {});

}  // namespace ternion
