// The plane in which states lie farthest apart: principal component analysis, its first two components.
#pragma once

#include <array>
#include <stop_token>
#include <vector>

#include "inspect/hidden_statistics.h"

namespace ternion {

struct PrincipalPlane {
    std::array<std::vector<float>, 2> axes;    ///< `[D]`, of length 1, orthogonal; the largest entry of each is positive
    std::array<double, 2> explained{};         ///< their shares of the variance, 0 to 1, descending
    std::vector<std::array<float, 2>> points;  ///< `[T]`: states less their mean, along the axes
};

/// Orthogonal iteration with a Rayleigh-Ritz step (Golub and Van Loan, Matrix Computations, 8.2.4 and 10.1) on the covariance,
/// which is never formed, from a fixed start: the same states, the same plane. The same state everywhere: nothing is explained.
/// Cancelled within milliseconds.
Result<PrincipalPlane> principalPlane(const States& states, const std::stop_token& stop);

}  // namespace ternion
