// Whether two runs differ, and by how much.
#pragma once

#include <span>

#include "base/result.h"

namespace ternion {

struct Interval {
    double low = 0.0, high = 0.0;
};

/// b against a, by the ratio of their means.
struct Difference {
    double meanA = 0.0, meanB = 0.0;
    double ratio = 0.0;   ///< meanB / meanA
    Interval confidence;  ///< of the ratio, 95 %, by the bootstrap (2,000 resamplings, percentile method, a fixed seed)
    bool certain() const { return confidence.low > 1.0 || confidence.high < 1.0; }
};

/// InvalidArgument where either has fewer than 5 values or a is zero in the mean. Values beyond 20,000 are thinned evenly.
Result<Difference> compareMeans(std::span<const double> a, std::span<const double> b);

}  // namespace ternion
