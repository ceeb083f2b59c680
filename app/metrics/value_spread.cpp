#include "metrics/value_spread.h"

#include <algorithm>
#include <cmath>

namespace ternion::app {
namespace {

constexpr int bins = 48;
constexpr double beyondPercentile = 1.5;         // of the 99th percentile: what lies above is left out of equal bins
constexpr std::size_t samplesAtOnce = 1U << 16;  // so that ten million take no memory

std::vector<double> edgesOf(const std::vector<ValueSpread>& runs, bool logarithmic) {
    double low = std::numeric_limits<double>::infinity();
    double high = 0;
    for (const ValueSpread& run : runs) {
        low = std::min(low, run.summary.least);
        high = std::max(high, logarithmic ? run.summary.most : std::min(run.summary.most, beyondPercentile * run.summary.p99));
    }
    logarithmic = logarithmic && low > 0;
    if (!(high > low)) high = low > 0 ? low * (1 + 1.0 / bins) : low + 1;  // all are equal
    std::vector<double> edges(bins + 1);
    for (int k = 0; k <= bins; ++k) {
        const double at = static_cast<double>(k) / bins;
        edges[static_cast<std::size_t>(k)] = logarithmic ? low * std::pow(high / low, at) : low + (high - low) * at;
    }
    edges.back() = high;
    return edges;
}

Status count(const RunReader& reader, std::int64_t series, const std::vector<double>& edges, ValueSpread& into) {
    into.counts.assign(edges.size() - 1, 0);
    for (TimeRange range{std::numeric_limits<std::int64_t>::min(), into.summary.last}; range.from <= range.to;) {
        TERNION_TRY(const auto samples, reader.samples(series, range, samplesAtOnce));
        if (samples.empty()) break;
        for (const Sample& sample : samples) {
            if (sample.value > edges.back()) {
                ++into.beyond;
                continue;
            }
            const auto above = std::upper_bound(edges.begin(), edges.end(), sample.value) - edges.begin();
            ++into.counts[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(above - 1, 0, bins - 1))];
        }
        range.from = samples.back().time + 1;
    }
    return {};
}

}  // namespace

Result<SpreadReading> readSpread(StoreConnection& connection, const SpreadRequest& request, const SpreadReading& before) {
    SpreadReading reading{request, {}, {}};
    std::vector<std::int64_t> ids;
    for (const std::int64_t run : request.runs) {
        const auto series = connection.reader->series(run);
        if (!series && series.error().code == ErrorCode::NotFound) continue;  // deleted meanwhile
        if (!series) return series.error();
        for (const SeriesFacts& facts : *series) {
            if (facts.name != request.series) continue;
            TERNION_TRY(const auto newest, connection.reader->points(facts.id, {}, 1));
            if (newest.empty()) continue;
            TERNION_TRY(const auto summary, connection.summary(facts.id, newest.back().last));
            reading.runs.push_back({run, summary, {}, 0});
            ids.push_back(facts.id);
        }
    }
    if (reading.runs.empty()) return reading;
    const auto same = [](const ValueSpread& a, const ValueSpread& b) {
        return a.run == b.run && a.summary.count == b.summary.count && a.summary.last == b.summary.last;
    };
    if (request == before.of &&
        std::equal(reading.runs.begin(), reading.runs.end(), before.runs.begin(), before.runs.end(), same))
        return before;
    reading.edges = edgesOf(reading.runs, request.logarithmic);
    for (std::size_t k = 0; k < ids.size(); ++k)
        TERNION_CHECK(count(*connection.reader, ids[k], reading.edges, reading.runs[k]));
    return reading;
}

}  // namespace ternion::app
