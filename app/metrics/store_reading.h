// Reading the store on another thread, for a view that is read again and again while a run goes on.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "store/run_reader.h"
#include "store/run_store.h"
#include "views/latest_task.h"

namespace ternion::app {

/// A connection, and what is worth keeping of what it has read. Whoever uses it holds the mutex.
struct StoreConnection {
    std::mutex mutex;
    std::unique_ptr<RunReader> reader;
    std::map<std::int64_t, SeriesSummary> summaries;  ///< by series: reading one again takes all its samples

    /// The summary of a series whose newest sample is at `last`.
    Result<SeriesSummary> summary(std::int64_t series, std::int64_t last);
};

/// GUI thread. One reading at a time is let finish, so that a view of a run that goes on is never starved; of those asked for
/// meanwhile the newest follows.
class StoreReading : public QObject {
    Q_OBJECT

public:
    /// `store` outlives it.
    explicit StoreReading(RunStore& store, QObject* parent) : QObject(parent), store_(store) {}

    /// `work` (StoreConnection& -> Result<T>) runs on another thread and owns what it reads; `show` gets the T.
    template <class Work, class Show>
    void run(Work work, Show show) {
        if (task_.running()) {
            next_ = [this, work = std::move(work), show = std::move(show)] { run(work, show); };
            return;
        }
        if (!connect()) return;
        task_.run(
            [connection = connection_, work = std::move(work)](const std::stop_token&) {
                const std::lock_guard lock(connection->mutex);
                return work(*connection);
            },
            [this, show = std::move(show)](auto read) {
                if (read)
                    show(std::move(read).value());
                else
                    emit failed(QString::fromStdString(read.error().text()));
                if (next_) std::exchange(next_, nullptr)();
            });
    }
    /// What is under way is shown to nobody.
    void forget() {
        next_ = nullptr;
        task_.stop();
    }
    bool running() const { return task_.running(); }

signals:
    void failed(const QString& why);

private:
    bool connect();
    RunStore& store_;
    std::shared_ptr<StoreConnection> connection_;
    LatestTask task_;
    std::function<void()> next_;
};

}  // namespace ternion::app
