// Why a run lacks what others have.
#pragma once

#include <QObject>
#include <QString>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "store/run_reader.h"
#include "store/run_store.h"
#include "views/latest_task.h"

namespace ternion::app {

/// Reads, off the GUI thread, which series of a run could not be measured. GUI thread.
class MissingReasons : public QObject {
    Q_OBJECT

public:
    /// `store` outlives it.
    explicit MissingReasons(const RunStore& store, QObject* parent = nullptr) : QObject(parent), store_(store) {}

    /// Reads what is not known yet of those that have ended.
    void look(const std::vector<RunSummary>& runs);
    /// Of a figure that depends on series whose names begin with `series`. Never empty.
    QString of(const RunSummary& run, std::string_view series) const;

private:
    const RunStore& store_;
    std::map<std::int64_t, std::vector<SeriesFacts>> missing_;  // the series of a run without samples
    LatestTask reading_;
};

}  // namespace ternion::app
