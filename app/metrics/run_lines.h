// The series of runs as lines of a plot: all of them at once, and fine where the plot is zoomed in.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "metrics/store_reading.h"

namespace ternion::app {

enum class Along {
    Time,    ///< seconds since the run began
    Tokens,  ///< 0, 1, 2, ... in the order of the samples
};

struct LinesRequest {
    std::vector<std::int64_t> runs;
    std::int64_t baseline = 0;                       ///< the run whose summaries are read too; 0: none
    std::function<bool(const std::string&)> wanted;  ///< by the series' name; any thread
    Along along = Along::Time;
    double from = -std::numeric_limits<double>::infinity();  ///< what the plot shows, in `along`
    double to = std::numeric_limits<double>::infinity();
    std::size_t most = 0;   ///< points of what the plot shows
    std::int64_t lead = 0;  ///< samples before `from` that are to be as fine
};

/// One series from its first sample to its last: fine in what was asked for, as coarse as the whole needs beside it.
struct RunLine {
    SeriesFacts facts;
    std::vector<SeriesPoint> points;
    std::vector<double> x;  ///< of each point: the middle of what it stands for
};

struct RunLines {
    std::int64_t run = 0;
    std::vector<RunLine> lines;
    std::vector<Annotation> annotations;
    const RunLine* line(std::string_view name) const;  ///< null: there is none
};

struct LinesReading {
    std::vector<RunLines> runs;                     ///< those of the request that are there
    std::map<std::string, SeriesSummary> baseline;  ///< of its series that have samples, by name
};

Result<LinesReading> readLines(StoreConnection& connection, const LinesRequest& request);

/// Where `seconds` of a run are along a line; NaN where it has no samples.
double placeOf(double seconds, const RunLine& line, Along along);
/// The other way: seconds since the run began.
double secondsAt(double place, const RunLine& line, Along along);

}  // namespace ternion::app
