// The table of runs: filtered, sorted, chosen by click and keys.
#pragma once

#include "runs/run_table_model.h"
#include "views/model_table.h"

namespace ternion::app {

/// Which runs are chosen is which runs the book shows, in the order in which they were chosen: runs that the filter hides stay
/// shown. A click on the star makes a run the baseline, or ends that. GUI thread.
class RunTable : public ModelTable {
    Q_OBJECT

public:
    /// `book` outlives it.
    explicit RunTable(RunBook& book, QWidget* parent = nullptr);

    void setFilter(const QString& line);
    int shownRows() const { return model()->rowCount(); }
    std::vector<std::int64_t> chosen() const;  ///< those that are seen
    std::int64_t current() const;              ///< 0: none
    void editCurrent(int column);              ///< RunTableModel::Tags or Note

    /// Every row with ids, sources and origins: more than is shown.
    Table table(bool visibleOnly) const override;

signals:
    void rowsChanged();

private:
    class Filtered;
    void takeChoice();
    void showChoice();
    void toggleBaseline(const QModelIndex& at);
    const RunSummary& runAt(int row) const;

    RunBook& book_;
    RunTableModel* runs_;
    Filtered* filtered_;
    bool quiet_ = false;  // the selection changes because rows do
    bool fitted_ = false;
};

}  // namespace ternion::app
