// What a comparison that runs tells, from its threads to the window: collected here, and fetched when somebody looks.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "compare/lockstep.h"
#include "inspect/trace_store.h"

namespace ternion::app {

/// A step without what is large of it.
struct StepNote {
    int side = 0;
    int position = 0;
    TokenId token = 0;  ///< that was fed
    TokenId top = 0;    ///< the most probable one after it
    double seconds = 0.0;
    std::optional<CycleCounts> cycles;
};

using ComparedStep = std::shared_ptr<const StepComparison>;

struct FeedNews {
    std::vector<std::int64_t> runs;  ///< of the sides in the store, once they have begun; 0: not recorded
    std::vector<StepNote> steps;
    std::vector<ComparedStep> compared;
    std::vector<std::pair<int, Error>> failures;
};

/// Any thread. Values are kept a side each, within limits; rows of logits are not.
class ComparisonFeed {
public:
    /// `limits` are of all sides together.
    ComparisonFeed(std::size_t sides, const TraceLimits& limits);

    // The comparison's side.
    void setModels(std::vector<std::shared_ptr<const Model>> models);
    void begin(const std::vector<std::int64_t>& runs);
    LockstepListener listener();  ///< the feed outlives it

    // The window's side.
    FeedNews take();  ///< what has come since the last time; never waits for more than a copy
    std::vector<std::shared_ptr<const Model>> models() const;
    /// Not for the GUI thread: it may wait until a side's values are written.
    TraceSeries series(int side, TraceRequest::Item item) const;
    std::uint64_t droppedBytes() const;  ///< of values that did not fit

private:
    void keep(int side, const SideStep& step);
    mutable std::mutex newsMutex_;
    FeedNews news_;
    std::vector<std::shared_ptr<const Model>> models_;
    mutable std::mutex tracesMutex_;
    std::vector<TraceStore> traces_;
};

}  // namespace ternion::app
