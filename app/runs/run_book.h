// The runs of the store, as all panels share them: which there are, which are shown, which is the baseline.
#pragma once

#include <QObject>
#include <QString>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "store/run_reader.h"
#include "store/run_store.h"

class QTimer;

namespace ternion::app {

/// GUI thread; reading happens on a thread of its own, so that a large store never blocks the window. Sees what other programs
/// write too (it looks twice a second, and not while nothing is visible that shows runs: `watch`).
class RunBook : public QObject {
    Q_OBJECT

public:
    /// `store` outlives it.
    explicit RunBook(RunStore& store, QObject* parent = nullptr);
    ~RunBook() override;

    RunStore& store() const { return store_; }
    const std::vector<RunSummary>& runs() const { return runs_; }  ///< newest first
    const RunSummary* find(std::int64_t run) const;                ///< null: it is not there
    const RunSummary* baseline() const;                            ///< null: none

    /// What the plots show, in this order; the first is the one whose details are shown. While `follows()`, a run that begins
    /// here is shown alone at once.
    const std::vector<std::int64_t>& shown() const { return shown_; }
    void show(std::vector<std::int64_t> runs);
    bool follows() const { return follows_; }
    void setFollows(bool follows);

    /// `panel` shows runs: while one of those told is visible, the book looks for changes.
    void watch(QWidget* panel);
    void refresh();  ///< now

    // What the user says; a failure is told by `problem`.
    void setNote(std::int64_t run, const QString& note);
    void setTags(std::int64_t run, const QStringList& tags);
    void setBaseline(std::int64_t run);  ///< 0: none
    void remove(const std::vector<std::int64_t>& runs);
    void undoRemove();                                  ///< the last removal
    void write(std::function<Status(RunStore&)> what);  ///< anything else, off the GUI thread

signals:
    void changed();       ///< some run, or what was measured of it, has changed: runs() and everything in the store
    void shownChanged();  ///< shown(), or the baseline
    void problem(const QString& text);

private:
    void tell(const Status& done);
    struct Reading;
    RunStore& store_;
    std::unique_ptr<Reading> reading_;
    std::vector<RunSummary> runs_;
    std::vector<std::int64_t> shown_;
    std::vector<std::int64_t> removed_;
    std::vector<QWidget*> watchers_;
    bool follows_ = true;
    QTimer* timer_;
};

}  // namespace ternion::app
