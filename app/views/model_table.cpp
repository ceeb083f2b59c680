#include "views/model_table.h"

#include <QHeaderView>
#include <QPainter>
#include <QStyle>
#include <QStyledItemDelegate>
#include <memory>
#include <vector>

#include "chat/labels.h"

namespace ternion::app {
namespace {

constexpr int measuredRows = 40;  // for the width of a column

TableCell cellOf(const QVariant& value) {
    switch (value.typeId()) {
        case QMetaType::UnknownType:
            return {};
        case QMetaType::Int:
        case QMetaType::LongLong:
            return std::int64_t{value.toLongLong()};
        case QMetaType::Double:
            return value.toDouble();
        default:
            return value.toString().toStdString();
    }
}

/// A chosen row is marked enough: the mark of the current cell would veil its text.
class TableRowDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

protected:
    void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override {
        QStyledItemDelegate::initStyleOption(option, index);
        if (option->state.testFlag(QStyle::State_Selected)) option->state.setFlag(QStyle::State_HasFocus, false);
    }
};

}  // namespace

QVariant valueOf(const TableCell& cell) {
    return std::visit(
        []<class T>(const T& value) -> QVariant {
            if constexpr (std::is_same_v<T, std::int64_t>) return qlonglong{value};
            if constexpr (std::is_same_v<T, double>) return value;
            if constexpr (std::is_same_v<T, std::string>) return QString::fromStdString(value);
            return {};
        },
        cell);
}

void paintTable(QPainter& painter, const QSize& size, const QTableView& view) {
    painter.fillRect(QRect(QPoint(), size), view.palette().color(QPalette::Base));
    painter.setFont(view.font());
    const QAbstractItemModel& model = *view.model();
    const QHeaderView& header = *view.horizontalHeader();
    const int line = view.verticalHeader()->defaultSectionSize();
    const double scale = static_cast<double>(size.width()) / std::max(header.length(), 1);
    const auto write = [&](int place, int column, const QVariant& text, const QVariant& alignment) {
        const QRectF at(header.sectionPosition(column) * scale, place * line, header.sectionSize(column) * scale, line);
        const QRectF inside = at.adjusted(grid / 2.0, 0, -grid / 2.0, 0);
        painter.drawText(inside, alignment.isValid() ? alignment.toInt() : int(Qt::AlignVCenter | Qt::AlignLeft),
                         painter.fontMetrics().elidedText(text.toString(), Qt::ElideRight, int(inside.width())));
    };
    painter.setPen(view.palette().color(QPalette::PlaceholderText));
    for (int column = 0; column < model.columnCount(); ++column)
        write(0, column, model.headerData(column, Qt::Horizontal),
              model.headerData(column, Qt::Horizontal, Qt::TextAlignmentRole));
    painter.setPen(view.palette().color(QPalette::Text));
    const int first = std::max(view.rowAt(0), 0);
    for (int row = first; row < model.rowCount() && (row - first + 2) * line <= size.height(); ++row)
        for (int column = 0; column < model.columnCount(); ++column) {
            const QModelIndex index = model.index(row, column);
            write(row - first + 1, column, index.data(), index.data(Qt::TextAlignmentRole));
        }
}

ModelTable::ModelTable(const QString& name, const QString& accessibleName, QWidget* parent) : QTableView(parent) {
    setObjectName(name);
    setAccessibleName(accessibleName);
    setProperty("textSize", "small");
    setProperty("flat", true);
    setSelectionBehavior(SelectRows);
    setShowGrid(false);
    setItemDelegate(new TableRowDelegate(this));
    setTabKeyNavigation(false);
    setHorizontalScrollMode(ScrollPerPixel);
    setWordWrap(false);
    verticalHeader()->hide();
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    verticalHeader()->setDefaultSectionSize(fontMetrics().height() + grid / 2);
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setResizeContentsPrecision(measuredRows);
}

void ModelTable::fitColumns(int most) {
    resizeColumnsToContents();
    for (int column = 0; column < model()->columnCount(); ++column)
        setColumnWidth(column, std::min(columnWidth(column) + grid, most));
}

void ModelTable::paintPicture(QPainter& painter, const QSize& size) { paintTable(painter, size, *this); }

ModelTable::Rows ModelTable::rowsFor(bool visibleOnly) const {
    const int last = rowAt(viewport()->height() - 1);
    return {visibleOnly ? std::max(rowAt(0), 0) : 0, visibleOnly && last >= 0 ? last + 1 : model()->rowCount()};
}

Table ModelTable::table(bool visibleOnly) const {
    const auto [begin, end] = rowsFor(visibleOnly);
    const int columns = model()->columnCount();
    auto rows = std::make_shared<std::vector<std::vector<TableCell>>>();
    for (int row = begin; row < end; ++row) {
        auto& cells = rows->emplace_back();
        cells.reserve(static_cast<std::size_t>(columns));
        for (int column = 0; column < columns; ++column) cells.push_back(cellOf(model()->index(row, column).data(valueRole)));
    }
    Table table;
    table.columns.reserve(static_cast<std::size_t>(columns));
    for (int column = 0; column < columns; ++column)
        table.columns.push_back(model()->headerData(column, Qt::Horizontal, valueRole).toString().toStdString());
    table.rows = rows->size();
    table.fill = [rows](std::size_t row, std::vector<TableCell>& cells) { cells = (*rows)[row]; };
    return table;
}

}  // namespace ternion::app
