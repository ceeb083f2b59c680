// Stretches of samples with their extremes, written beside the samples themselves, so that plots of millions are quick.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "base/result.h"
#include "store/run_records.h"

namespace ternion {

class Database;

/// Samples of one block: few enough that the ends of a range are read one by one.
inline constexpr std::int64_t blockSamples = 256;

/// A stretch of a series: one sample (count 1, all equal), or several of them.
struct SeriesPoint {
    std::int64_t first = 0, last = 0;  ///< times
    std::int64_t count = 0;
    double least = std::numeric_limits<double>::infinity(), most = -std::numeric_limits<double>::infinity(), sum = 0.0;
    double mean() const { return sum / static_cast<double>(count); }
    void add(const SeriesPoint& later);
};

/// The point of one sample.
SeriesPoint pointOf(const Sample& sample);

/// Collects the samples of one series in their order.
class BlockBuilder {
public:
    /// Takes up a series where it ends now, empty or not.
    Status goOn(const Database& database, std::int64_t series);
    bool begun() const { return begun_; }
    std::int64_t last() const { return last_; }  ///< the time of the newest sample
    /// A block where it is full with this sample.
    std::optional<SeriesPoint> add(const Sample& sample);

private:
    bool begun_ = false;
    std::int64_t last_ = std::numeric_limits<std::int64_t>::min();
    SeriesPoint block_;
};

}  // namespace ternion
