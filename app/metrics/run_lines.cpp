#include "metrics/run_lines.h"

#include <algorithm>

namespace ternion::app {
namespace {

constexpr double secondsANanosecond = 1e-9;

/// Their middles, in `along`.
std::vector<double> placesOf(const std::vector<SeriesPoint>& points, Along along) {
    std::vector<double> places;
    places.reserve(points.size());
    std::int64_t before = 0;
    for (const SeriesPoint& point : points) {
        places.push_back(along == Along::Time
                             ? (static_cast<double>(point.first) + static_cast<double>(point.last)) / 2 * secondsANanosecond
                             : static_cast<double>(before) + static_cast<double>(point.count - 1) / 2);
        before += point.count;
    }
    return places;
}

/// Places [begin, end) of the points in what is asked for, with a point aside, so that lines leave the plot; and what leads.
std::pair<std::size_t, std::size_t> partOf(const std::vector<SeriesPoint>& points, const std::vector<double>& places,
                                           const LinesRequest& request) {
    const auto at = [&](auto place) { return static_cast<std::size_t>(place - places.begin()); };
    std::size_t begin = at(std::lower_bound(places.begin(), places.end(), request.from));
    const std::size_t end = std::min(at(std::upper_bound(places.begin(), places.end(), request.to)) + 1, points.size());
    begin -= std::min<std::size_t>(begin, 1);
    for (std::int64_t lead = request.lead; lead > 0 && begin > 0;) lead -= points[--begin].count;
    return {begin, end};
}

/// Of the whole series, then again and again of the stretches about what is asked for, until there are enough points in it.
Result<std::vector<SeriesPoint>> readPoints(const RunReader& reader, std::int64_t series, const LinesRequest& request) {
    TERNION_TRY(auto points, reader.points(series, {}, request.most));
    while (true) {
        const auto [begin, end] = partOf(points, placesOf(points, request.along), request);
        const auto first = points.begin() + static_cast<std::ptrdiff_t>(begin);
        const auto last = points.begin() + static_cast<std::ptrdiff_t>(end);
        const auto several = [](const SeriesPoint& point) { return point.count > 1; };
        if (begin >= end || end - begin >= request.most / 2 || std::none_of(first, last, several)) return points;
        TERNION_TRY(const auto finer, reader.points(series, {first->first, std::prev(last)->last}, request.most));
        if (finer.size() <= end - begin) return points;
        std::vector<SeriesPoint> all(points.begin(), first);
        all.insert(all.end(), finer.begin(), finer.end());
        all.insert(all.end(), last, points.end());
        points = std::move(all);
    }
}

Result<RunLines> readRun(const RunReader& reader, std::int64_t run, const LinesRequest& request) {
    RunLines read{run, {}, {}};
    TERNION_TRY(const auto series, reader.series(run));
    for (const SeriesFacts& facts : series) {
        if (!request.wanted(facts.name)) continue;
        TERNION_TRY(auto points, readPoints(reader, facts.id, request));
        auto places = placesOf(points, request.along);
        read.lines.push_back({facts, std::move(points), std::move(places)});
    }
    TERNION_TRY(read.annotations, reader.annotations(run));
    return read;
}

Result<std::map<std::string, SeriesSummary>> readBaseline(StoreConnection& connection, const LinesRequest& request) {
    std::map<std::string, SeriesSummary> summaries;
    TERNION_TRY(const auto series, connection.reader->series(request.baseline));
    for (const SeriesFacts& facts : series) {
        if (!request.wanted(facts.name)) continue;
        TERNION_TRY(const auto newest, connection.reader->points(facts.id, {}, 1));
        if (newest.empty()) continue;
        TERNION_TRY(summaries[facts.name], connection.summary(facts.id, newest.back().last));
    }
    return summaries;
}

}  // namespace

const RunLine* RunLines::line(std::string_view name) const {
    const auto found = std::find_if(lines.begin(), lines.end(), [&](const RunLine& line) { return line.facts.name == name; });
    return found == lines.end() ? nullptr : &*found;
}

Result<LinesReading> readLines(StoreConnection& connection, const LinesRequest& request) {
    LinesReading reading;
    for (const std::int64_t run : request.runs) {
        auto read = readRun(*connection.reader, run, request);
        if (read)
            reading.runs.push_back(std::move(read).value());
        else if (read.error().code != ErrorCode::NotFound)  // deleted meanwhile
            return read.error();
    }
    if (request.baseline != 0) {
        auto summaries = readBaseline(connection, request);
        if (summaries)
            reading.baseline = std::move(summaries).value();
        else if (summaries.error().code != ErrorCode::NotFound)
            return summaries.error();
    }
    return reading;
}

double placeOf(double seconds, const RunLine& line, Along along) {
    if (along == Along::Time) return seconds;
    if (line.points.empty()) return std::numeric_limits<double>::quiet_NaN();
    const auto later = std::lower_bound(
        line.points.begin(), line.points.end(), seconds,
        [](const SeriesPoint& point, double moment) { return static_cast<double>(point.last) * secondsANanosecond < moment; });
    return later == line.points.end() ? line.x.back() : line.x[static_cast<std::size_t>(later - line.points.begin())];
}

double secondsAt(double place, const RunLine& line, Along along) {
    if (along == Along::Time) return place;
    if (line.points.empty()) return std::numeric_limits<double>::quiet_NaN();
    const auto at = std::min(static_cast<std::size_t>(std::lower_bound(line.x.begin(), line.x.end(), place) - line.x.begin()),
                             line.x.size() - 1);
    return static_cast<double>(line.points[at].last) * secondsANanosecond;
}

}  // namespace ternion::app
