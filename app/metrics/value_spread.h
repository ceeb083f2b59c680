// How the samples of a series are spread: percentiles and a histogram, from all raw samples.
#pragma once

#include <string>
#include <vector>

#include "metrics/store_reading.h"

namespace ternion::app {

struct SpreadRequest {
    std::vector<std::int64_t> runs;
    std::string series;
    bool logarithmic =
        false;  ///< bins of equal ratios over all values; else of equal widths, and what lies far beyond is left out
    bool operator==(const SpreadRequest&) const = default;
};

/// Of one run.
struct ValueSpread {
    std::int64_t run = 0;
    SeriesSummary summary;
    std::vector<std::int64_t> counts;  ///< a bin
    std::int64_t beyond = 0;           ///< above the last bin
};

struct SpreadReading {
    SpreadRequest of;
    std::vector<ValueSpread> runs;  ///< those that have samples of it
    std::vector<double> edges;      ///< of the bins of all of them: bin k is [k, k + 1), the last one with its end
};

/// `before` is given back where it is of the same samples.
Result<SpreadReading> readSpread(StoreConnection& connection, const SpreadRequest& request, const SpreadReading& before);

}  // namespace ternion::app
