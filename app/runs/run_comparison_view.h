// Two or more runs beside each other, with their differences.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "runs/run_comparison.h"
#include "store/run_records.h"
#include "views/latest_task.h"
#include "views/model_table.h"

namespace ternion::app {

class RunBook;

/// A row a figure. The reference is the baseline, or where there is none the first of the runs that the book shows; each other
/// run has its value and its difference to the reference. Of the latency of tokens the ratio of the means is told with its
/// interval, from all samples, computed off the GUI thread. GUI thread.
class RunComparisonView : public ModelTable {
    Q_OBJECT

public:
    /// `book` outlives it.
    explicit RunComparisonView(RunBook& book, QWidget* parent = nullptr);

    /// Of a run to the reference; an error: why it cannot be told.
    using Latencies = std::map<std::int64_t, Result<Difference>>;

private:
    class Model;
    void refresh();
    void compareLatencies();

    RunBook& book_;
    Model* model_;
    LatestTask comparing_;
    std::vector<std::int64_t> compared_;  // the reference first
    bool compares_ = false;               // all of those had ended
};

}  // namespace ternion::app
