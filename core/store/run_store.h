// Runs and all that was measured of them, in the same SQLite file as the conversations: writing. Reading: run_reader.h.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/run_records.h"

namespace ternion {

class Database;
class RunReader;

/// What is written together.
struct RunBatch {
    std::int64_t run = 0;
    struct Samples {
        std::int64_t series = 0;
        std::vector<Sample> samples;  ///< later than all that the series has; equal times are moved apart by a nanosecond
    };
    std::vector<Samples> samples;
    std::vector<TokenRecord> tokens;
    std::vector<KernelRecord> kernels;
};

/// Owns a connection that writes; WAL, so that readers and writers never wait for each other. Every call is one transaction: a
/// killed process loses what it had not written, and its runs read as interrupted. Opening is as ConversationStore's: damage is
/// set aside and told, and a backup made before the tables change. May be used by several threads: a call waits for another
/// one's end.
class RunStore {
public:
    struct Opened {
        std::unique_ptr<RunStore> store;
        std::string notice;  ///< for the user; empty if all is well
    };
    /// As ConversationStore::open. An empty path: a file in a folder of its own that goes with the store.
    static Result<Opened> open(const std::filesystem::path& path);
    ~RunStore();

    Result<std::int64_t> begin(const RunFacts& facts, const RunTexts& texts = {});
    /// `facts.id` is ignored. Returns the series' id.
    Result<std::int64_t> addSeries(std::int64_t run, const SeriesFacts& facts);
    /// A series that cannot be read any more.
    Status endSeries(std::int64_t series, std::string_view reason);
    Status write(const RunBatch& batch);
    Status finish(std::int64_t run, const RunEnd& end);
    /// A run that was made elsewhere: it has an origin and has ended (InvalidArgument). Its series follow by addSeries and
    /// write, and then its `finish`.
    Result<std::int64_t> import(const RunSummary& run, const RunTexts& texts);

    Status setNote(std::int64_t run, std::string_view note);
    Status setTags(std::int64_t run, const std::vector<std::string>& tags);
    /// One run at most is the baseline; 0: none.
    Status setBaseline(std::int64_t run);
    Result<std::int64_t> annotate(std::int64_t run, std::optional<double> seconds, std::string_view text);
    Status removeAnnotation(std::int64_t annotation);
    /// Links runs that were made side by side; `id` and `baseline` are ignored. Returns the comparison's id. InvalidArgument
    /// for a run that is not there.
    Result<std::int64_t> addComparison(const ComparisonRecord& comparison);
    /// One comparison at most is the baseline; 0: none. NotFound for one that is not there.
    Status setComparisonBaseline(std::int64_t comparison);
    /// Its runs stay. NotFound for one that is not there.
    Status removeComparison(std::int64_t comparison);
    /// Kept but hidden until `restore`, or until the program that did it has ended: deletion can be undone.
    Status remove(std::span<const std::int64_t> runs);
    Status restore(std::span<const std::int64_t> runs);

    /// Saved views of the plots, and what else panels keep: a text by a name. An empty text removes it.
    Status saveView(std::string_view name, std::string_view json);

    /// A connection of its own that only reads. Belongs to the thread that uses it.
    Result<std::unique_ptr<RunReader>> reader() const;
    const std::filesystem::path& path() const;

private:
    struct File;
    explicit RunStore(std::unique_ptr<File> file);
    Result<std::int64_t> insert(const RunSummary& run, const RunTexts& texts);
    Status hide(std::span<const std::int64_t> runs, const std::string& by);

    std::unique_ptr<File> file_;
    Database& database_;  // file_'s
    mutable std::mutex mutex_;
};

}  // namespace ternion
