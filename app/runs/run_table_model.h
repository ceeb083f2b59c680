// The runs as rows: what each was and what was measured of it.
#pragma once

#include <QAbstractTableModel>
#include <string_view>
#include <vector>

#include "store/run_records.h"

namespace ternion::app {

class RunBook;

/// Follows the book, newest first; rows that stay keep their indexes, so selections and open editors survive a change. Tags
/// and notes can be edited. GUI thread.
class RunTableModel : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column {
        Star,
        When,
        Kind,
        ModelName,
        Device,
        Packing,
        Prefill,
        Decode,
        Median,
        Slowest,
        Memory,
        Energy,
        State,
        Tags,
        Note
    };
    static constexpr int columns = Note + 1;

    /// `book` outlives it.
    explicit RunTableModel(RunBook& book, QObject* parent = nullptr);

    const RunSummary& run(int row) const { return runs_[static_cast<std::size_t>(row)]; }
    int rowOf(std::int64_t run) const;  ///< -1: not there

    /// The figure that a column shows; null: it has none, or the column shows none.
    static const Figure* figureIn(const RunSummary& run, int column);
    static bool showsFigure(int column) { return column >= Prefill && column <= Energy; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;

signals:
    void aboutToChange();  ///< rows come or go
    void changed();        ///< they have

private:
    void take(const std::vector<RunSummary>& runs);
    QString shown(const RunSummary& run, int column) const;
    QString toolTip(const RunSummary& run, int column) const;
    QVariant value(const RunSummary& run, int column) const;

    RunBook& book_;
    std::vector<RunSummary> runs_;
};

}  // namespace ternion::app
