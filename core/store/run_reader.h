// Runs and all that was measured of them: reading.
#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/run_records.h"
#include "store/sample_blocks.h"

namespace ternion {

class Database;

struct TimeRange {
    std::int64_t from = std::numeric_limits<std::int64_t>::min();  ///< nanoseconds since the run began, inclusive
    std::int64_t to = std::numeric_limits<std::int64_t>::max();    ///< inclusive
};

/// How a figure or the values of a series are spread. All from the raw samples.
struct SeriesSummary {
    std::int64_t count = 0;
    double least = 0.0, most = 0.0, sum = 0.0;
    std::int64_t first = 0, last = 0;
    double p50 = 0.0, p90 = 0.0, p99 = 0.0;  ///< nearest rank: the smallest value with that share of all at or below it
};

/// One connection that only reads: used by one thread at a time, beside any number of others. Errors as Database's; NotFound
/// for a run that is not there (any more).
class RunReader {
public:
    explicit RunReader(Database database);
    ~RunReader();

    /// Changes whenever anybody has changed anything in the file.
    Result<std::int64_t> version() const;

    /// Newest first. With `filter`, those where each of its words is found in the model, device, kind, tags, note or sweep,
    /// ignoring case.
    Result<std::vector<RunSummary>> list(std::string_view filter = {}) const;
    Result<RunSummary> load(std::int64_t run) const;
    Result<RunTexts> texts(std::int64_t run) const;

    Result<std::vector<SeriesFacts>> series(std::int64_t run) const;
    /// What a plot of `range` draws: single samples where there are at most `most`, else stretches of equally many samples that
    /// carry the extremes; between `most` / 2 and 2 `most` points. Takes as long for ten million samples as for ten thousand.
    Result<std::vector<SeriesPoint>> points(std::int64_t series, TimeRange range, std::size_t most) const;
    /// All samples in a range; at most `limit`.
    Result<std::vector<Sample>> samples(std::int64_t series, TimeRange range = {},
                                        std::size_t limit = std::numeric_limits<std::size_t>::max()) const;
    Result<SeriesSummary> summary(std::int64_t series, TimeRange range = {}) const;
    Result<std::vector<TokenRecord>> tokens(std::int64_t run) const;
    Result<std::vector<KernelRecord>> kernels(std::int64_t run) const;
    Result<std::vector<Annotation>> annotations(std::int64_t run) const;
    Result<std::vector<std::pair<std::string, std::string>>> views() const;  ///< name and JSON, by name

    /// Newest first. They outlive their runs: one that was removed is 0 there (again itself once it is restored).
    Result<std::vector<ComparisonRecord>> comparisons() const;

    const Database& database() const { return *database_; }

private:
    /// The blocks that lie wholly in a range.
    Result<std::vector<SeriesPoint>> stretches(std::int64_t series, TimeRange range) const;

    std::unique_ptr<Database> database_;
};

}  // namespace ternion
