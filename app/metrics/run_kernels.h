// The kernels of one pass of each shown run, as they were timed.
#pragma once

#include <QColor>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "metrics/store_reading.h"

namespace ternion::app {

struct RunKernels {
    std::int64_t run = 0;
    std::vector<KernelTime> kernels;      ///< in the order of the pass
    std::optional<SeriesSummary> tokens;  ///< of the latencies of its tokens (s); nullopt: there are none
    double seconds() const;               ///< of all kernels
};

/// Of the runs that are there; of their prefill, or of their decoding.
Result<std::vector<RunKernels>> readKernels(StoreConnection& connection, const std::vector<std::int64_t>& runs, bool prefill);

/// Their names, those that take the most time first.
std::vector<std::string> namesByTime(const std::vector<RunKernels>& runs);
/// Of the n-th of them; beyond the series colours in lighter shades.
QColor kernelColor(std::size_t index);

/// What times are written in: "µs" and 1e6 for the shortest.
struct TimeUnit {
    QString name;
    double factor = 1.0;  ///< of seconds
};
TimeUnit timeUnitFor(double most);

}  // namespace ternion::app
