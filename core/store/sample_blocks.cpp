#include "store/sample_blocks.h"

#include <algorithm>
#include <utility>

#include "store/database.h"

namespace ternion {

void SeriesPoint::add(const SeriesPoint& later) {
    if (count == 0) first = later.first;
    last = later.last;
    count += later.count;
    least = std::min(least, later.least);
    most = std::max(most, later.most);
    sum += later.sum;
}

SeriesPoint pointOf(const Sample& sample) { return {sample.time, sample.time, 1, sample.value, sample.value, sample.value}; }

Status BlockBuilder::goOn(const Database& database, std::int64_t series) {
    TERNION_TRY(auto rows,
                database.query("SELECT time, value FROM samples WHERE series = ?1 AND time > coalesce((SELECT last FROM "
                               "sample_blocks WHERE series = ?1 ORDER BY first DESC LIMIT 1), ?2) ORDER BY time",
                               {series, std::numeric_limits<std::int64_t>::min()}));
    TERNION_TRY(auto block,
                database.query("SELECT last FROM sample_blocks WHERE series = ? ORDER BY first DESC LIMIT 1", {series}));
    TERNION_TRY(const bool any, block.step());
    begun_ = true;
    block_ = {};
    if (any) last_ = block.integer(0);
    for (;;) {
        TERNION_TRY(const bool row, rows.step());
        if (!row) return {};
        block_.add(pointOf({rows.integer(0), rows.real(1)}));
        last_ = block_.last;
    }
}

std::optional<SeriesPoint> BlockBuilder::add(const Sample& sample) {
    block_.add(pointOf(sample));
    last_ = sample.time;
    if (block_.count < blockSamples) return std::nullopt;
    return std::exchange(block_, {});
}

}  // namespace ternion
