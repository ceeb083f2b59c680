#include "inspect/weights/view_row.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QVBoxLayout>

#include "chat/labels.h"

namespace ternion::app {

ViewRow::ViewRow(QWidget* parent) : QWidget(parent), row_(new QHBoxLayout(this)) {
    row_->setContentsMargins(0, 0, 0, 0);
    row_->setSpacing(grid);
}

void ViewRow::addView(QWidget* widget, Exportable& view) {
    auto* title = makeLabel({}, "small", true);
    title->setIndent(grid);
    auto* part = new QWidget;
    auto* column = new QVBoxLayout(part);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(grid / 2);
    column->addWidget(title);
    column->addWidget(widget, 1);
    row_->addWidget(part, 1);
    parts_.push_back({part, title, &view});
}

void ViewRow::setTitles(const QStringList& titles, bool named) {
    titles_ = titles;
    for (std::size_t k = 0; k < parts_.size(); ++k) {
        const bool shown = k < static_cast<std::size_t>(titles.size());
        parts_[k].column->setVisible(shown);
        parts_[k].title->setVisible(named);
        if (shown) parts_[k].title->setText(titles[static_cast<qsizetype>(k)]);
    }
}

void ViewRow::paintPicture(QPainter& painter, const QSize& size) {
    const auto shown = static_cast<int>(titles_.size());
    if (shown == 0) return;
    const int line = fontMetrics().height() + grid;
    const QSize each(size.width() / shown, size.height() - line);
    painter.fillRect(QRect(QPoint(), size), palette().color(QPalette::Base));
    for (int k = 0; k < shown; ++k) {
        painter.save();
        painter.translate(k * each.width(), 0);
        painter.setFont(font());
        painter.setPen(palette().color(QPalette::Text));
        painter.drawText(QRect(grid, 0, each.width() - grid, line), Qt::AlignLeft | Qt::AlignVCenter, titles_[k]);
        painter.translate(0, line);
        parts_[static_cast<std::size_t>(k)].view->paintPicture(painter, each);
        painter.restore();
    }
}

Table ViewRow::table(bool visibleOnly) const {
    Table all;
    std::vector<Table> tables;
    for (std::size_t k = 0; k < static_cast<std::size_t>(titles_.size()); ++k) {
        tables.push_back(parts_[k].view->table(visibleOnly));
        all.rows += tables.back().rows;
    }
    if (tables.empty()) return all;
    all.columns = tables.front().columns;
    all.columns.insert(all.columns.begin(), "matrix");
    all.fill = [tables = std::move(tables), titles = titles_](std::size_t row, std::vector<TableCell>& cells) {
        std::size_t at = 0;
        while (row >= tables[at].rows) row -= tables[at++].rows;
        std::vector<TableCell> own(tables[at].columns.size());
        tables[at].fill(row, own);
        cells.assign(1, titles[static_cast<qsizetype>(at)].toStdString());
        cells.insert(cells.end(), own.begin(), own.end());
    };
    return all;
}

}  // namespace ternion::app
