#include "views/number_table.h"

#include <QAbstractTableModel>
#include <QHeaderView>
#include <QSortFilterProxyModel>
#include <cmath>
#include <memory>
#include <utility>

#include "chat/labels.h"
#include "views/model_table.h"

namespace ternion::app {
namespace {

QString shown(const TableCell& cell, NumberTable::Format format) {
    const QVariant value = valueOf(cell);
    if (value.typeId() != QMetaType::Double) return value.toString();
    const double number = value.toDouble();
    if (std::isinf(number)) return QChar(0x221E);
    const QLocale locale;
    return format == NumberTable::Format::Share ? locale.toString(100.0 * number, 'f', 1) + QStringLiteral(" %")
                                                : locale.toString(number, 'g', 4);
}

}  // namespace

class NumberTable::Model : public QAbstractTableModel {
public:
    Model(const std::vector<Column>& columns, QObject* parent) : QAbstractTableModel(parent), columns_(columns) {}

    int rowCount(const QModelIndex& = {}) const override { return static_cast<int>(rows_.size()); }
    int columnCount(const QModelIndex& = {}) const override { return static_cast<int>(columns_.size()); }
    const TableCell& cell(const QModelIndex& at) const {
        return rows_[static_cast<std::size_t>(at.row())][static_cast<std::size_t>(at.column())];
    }
    QVariant data(const QModelIndex& at, int role) const override {
        const Format format = columns_[static_cast<std::size_t>(at.column())].format;
        if (role == Qt::DisplayRole) return shown(cell(at), format);
        if (role == Qt::UserRole) return valueOf(cell(at));
        if (role == Qt::TextAlignmentRole)
            return int(Qt::AlignVCenter | (format == Format::Text ? Qt::AlignLeft : Qt::AlignRight));
        return {};
    }
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override {
        if (orientation == Qt::Vertical) return {};
        const Column& column = columns_[static_cast<std::size_t>(section)];
        if (role == Qt::DisplayRole) return column.title;
        if (role == Qt::ToolTipRole) return column.toolTip;
        if (role == Qt::TextAlignmentRole)
            return int(Qt::AlignVCenter | (column.format == Format::Text ? Qt::AlignLeft : Qt::AlignRight));
        return {};
    }
    void setRows(Rows rows) {
        if (rows.size() != rows_.size()) {
            beginResetModel();
            rows_ = std::move(rows);
            endResetModel();
            return;
        }
        rows_ = std::move(rows);
        if (!rows_.empty()) emit dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
    }

private:
    const std::vector<Column>& columns_;
    Rows rows_;
};

NumberTable::NumberTable(const QString& name, std::vector<Column> columns, QWidget* parent)
    : QTableView(parent),
      columns_(std::move(columns)),
      model_(new Model(columns_, this)),
      sorted_(new QSortFilterProxyModel(this)) {
    setObjectName(name);
    setAccessibleName(name);
    setProperty("textSize", "small");
    setProperty("flat", true);
    sorted_->setSourceModel(model_);
    sorted_->setSortRole(Qt::UserRole);
    setModel(sorted_);
    setSelectionBehavior(SelectRows);
    setSelectionMode(SingleSelection);
    setEditTriggers(NoEditTriggers);
    setShowGrid(false);
    setTabKeyNavigation(false);
    setSortingEnabled(true);
    sortByColumn(-1, Qt::AscendingOrder);
    verticalHeader()->hide();
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    verticalHeader()->setDefaultSectionSize(fontMetrics().height() + grid / 2);
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    for (int column = 0; column < model_->columnCount(); ++column)
        if (columns_[static_cast<std::size_t>(column)].format == Format::Text)
            horizontalHeader()->setSectionResizeMode(column, QHeaderView::ResizeToContents);
    horizontalHeader()->setSortIndicatorClearable(true);
    connect(selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this] {
        if (!marking_ && marked() >= 0) emit rowChosen(marked());
    });
}

void NumberTable::setRows(Rows rows) {
    const bool before = std::exchange(marking_, true);
    const int row = marked();
    model_->setRows(std::move(rows));
    marking_ = before;
    if (marked() != row) setMarked(row);
}

void NumberTable::setMarked(int row) {
    if (row == marked()) return;
    const bool before = std::exchange(marking_, true);
    setCurrentIndex(row < 0 || row >= model_->rowCount() ? QModelIndex() : sorted_->mapFromSource(model_->index(row, 0)));
    if (row < 0) clearSelection();
    marking_ = before;
}

int NumberTable::marked() const { return sorted_->mapToSource(currentIndex()).row(); }

void NumberTable::paintPicture(QPainter& painter, const QSize& size) { paintTable(painter, size, *this); }

Table NumberTable::table(bool visibleOnly) const {
    const int last = rowAt(viewport()->height() - 1);
    const int begin = visibleOnly ? std::max(rowAt(0), 0) : 0;
    const int end = visibleOnly && last >= 0 ? last + 1 : sorted_->rowCount();
    auto rows = std::make_shared<Rows>();
    for (int row = begin; row < end; ++row) {
        auto& cells = rows->emplace_back();
        for (int column = 0; column < model_->columnCount(); ++column)
            cells.push_back(model_->cell(sorted_->mapToSource(sorted_->index(row, column))));
    }
    Table table;
    for (const Column& column : columns_) table.columns.push_back(column.name);
    table.rows = rows->size();
    table.fill = [rows](std::size_t row, std::vector<TableCell>& cells) { cells = (*rows)[row]; };
    return table;
}

}  // namespace ternion::app
