// The statistics of every matrix as a table that can be sorted and filtered.
#pragma once

#include <QAbstractTableModel>
#include <QSortFilterProxyModel>
#include <QTableView>

#include "inspect/weights/shown_matrix.h"
#include "views/exportable.h"

namespace ternion::app {

class WeightTableModel : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { Layer, Projection, Shape, Gamma, Minus, Zero, Plus, Entropy, RowZeros, ColumnZeros, Columns };
    static constexpr int sortRole = Qt::UserRole;      ///< what a column is sorted by
    static constexpr int nameRole = Qt::UserRole + 1;  ///< what the filter looks at

    using QAbstractTableModel::QAbstractTableModel;
    void setStatistics(std::shared_ptr<const std::vector<WeightStatistics>> statistics);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    std::shared_ptr<const std::vector<WeightStatistics>> statistics_;
};

/// One matrix a row. Headings sort by a click; sortByCurrentColumn() does it for the keys.
class WeightTable : public QTableView, public Exportable {
    Q_OBJECT

public:
    explicit WeightTable(QWidget* parent = nullptr);

    void setStatistics(std::shared_ptr<const std::vector<WeightStatistics>> statistics);
    /// Shows the matrices whose name has every word of `words` in it.
    void setFilter(const QString& words);
    void sortByCurrentColumn();
    /// Makes the row of that matrix the current one; none where it is filtered out.
    void setCurrent(std::size_t matrix);

    // Exportable
    void paintPicture(QPainter& painter, const QSize& size) override;
    Table table(bool visibleOnly) const override;  ///< visible: what the filter leaves, in the order shown

signals:
    void chosen(std::size_t matrix);  ///< by the user; an index into the statistics

protected:
    void currentChanged(const QModelIndex& current, const QModelIndex& previous) override;

private:
    std::shared_ptr<const std::vector<WeightStatistics>> statistics_;
    WeightTableModel* model_;
    QSortFilterProxyModel* shown_;
    bool telling_ = true;
};

}  // namespace ternion::app
