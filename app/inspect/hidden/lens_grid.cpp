#include "inspect/hidden/lens_grid.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "chat/labels.h"
#include "chat/probability_scale.h"
#include "chat/token_popover.h"

namespace ternion::app {
namespace {

constexpr int leastCellWidth = 8 * grid;

}  // namespace

LensGrid::LensGrid(const QString& name, QWidget* parent) : QWidget(parent) {
    setObjectName(name);
    setAccessibleName(tr("Most probable next token by depth and token"));
    setProperty("textSize", "small");
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
}

int LensGrid::tokensThatFit() const { return std::clamp(cells(size()).width() / leastCellWidth, 1, mostTokens); }

void LensGrid::setPage(LensPage page) {
    page_ = std::move(page);
    update();
}

void LensGrid::setMarked(LensPlace place) {
    marked_ = place;
    update();
}

/// Depths on the left, their title before them; tokens and their title below.
QRect LensGrid::cells(const QSize& size) const {
    const int line = fontMetrics().height();
    const int left = line + grid + fontMetrics().horizontalAdvance(QStringLiteral("000"));
    return QRect(QPoint(), size).adjusted(left, grid / 2, -grid, -2 * line - grid);
}

QRect LensGrid::cellIn(const QRect& cells, LensPlace place) const {
    const int column = place.token - page_.firstToken;
    const auto columns = static_cast<int>(page_.tokens.size());
    if (place.depth < 0 || place.depth >= page_.depths || column < 0 || column >= columns) return {};
    const int shown = std::max(columns, tokensThatFit());  // so that nothing moves while a text grows
    const int x = cells.width() * column / shown, y = cells.height() * place.depth / page_.depths;
    return {cells.x() + x, cells.y() + y, cells.width() * (column + 1) / shown - x,
            cells.height() * (place.depth + 1) / page_.depths - y};
}

QRect LensGrid::cellRect(LensPlace place) const { return cellIn(cells(size()), place); }

LensPlace LensGrid::placeAt(const QPoint& at) const {
    for (int depth = 0; depth < page_.depths; ++depth)
        for (int column = 0; column < page_.tokens.size(); ++column)
            if (const LensPlace place{depth, page_.firstToken + column}; cellRect(place).contains(at)) return place;
    return {-1, -1};
}

void LensGrid::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    paintInto(painter, size());
    painter.setPen(palette().color(QPalette::Highlight));
    if (hasFocus()) painter.drawRect(rect().adjusted(0, 0, -1, -1));
}

void LensGrid::paintPicture(QPainter& painter, const QSize& size) { paintInto(painter, size); }

void LensGrid::paintInto(QPainter& painter, const QSize& size) const {
    painter.setFont(font());
    painter.fillRect(QRect(QPoint(), size), palette().color(QPalette::Base));
    const QRect area = cells(size);
    const int line = fontMetrics().height();
    for (int depth = 0; depth < page_.depths; ++depth)
        for (int column = 0; column < page_.tokens.size(); ++column) {
            const QRect rect = cellIn(area, {depth, page_.firstToken + column});
            const auto at = static_cast<std::size_t>(depth * page_.tokens.size() + column);
            if (page_.cells[at])
                paintCell(painter, rect.adjusted(0, 0, -1, -1), *page_.cells[at]);
            else
                painter.fillRect(rect.adjusted(0, 0, -1, -1), palette().color(QPalette::AlternateBase));
        }
    if (const QRect rect = cellIn(area, marked_); !rect.isEmpty()) {
        painter.setPen(QPen(palette().color(QPalette::Highlight), 2));
        painter.drawRect(rect.adjusted(0, 0, -2, -2));
    }
    painter.setPen(palette().color(QPalette::PlaceholderText));
    int labelled = area.top() - line;
    for (int depth = 0; depth < page_.depths; ++depth) {
        const QRect rect = cellIn(area, {depth, page_.firstToken});
        const QRect label(0, rect.center().y() - line / 2, area.left() - grid / 2, line);
        if (label.top() < labelled + line && depth > 0) continue;
        painter.drawText(label, Qt::AlignRight | Qt::AlignVCenter, QString::number(depth));
        labelled = label.top();
    }
    for (int column = 0; column < page_.tokens.size(); ++column) {
        QRect label = cellIn(area, {page_.depths - 1, page_.firstToken + column});
        label = {label.x(), area.bottom() + 1, label.width() - grid / 2, line};
        painter.drawText(label, Qt::AlignCenter, fontMetrics().elidedText(page_.tokens[column], Qt::ElideRight, label.width()));
    }
    painter.setPen(palette().color(QPalette::Text));
    const auto last = page_.firstToken + page_.tokens.size() - 1;
    painter.drawText(QRect(area.x(), area.bottom() + 1 + line, area.width(), line), Qt::AlignCenter,
                     tr("token that was read (%1 to %2); framed: what does come next").arg(page_.firstToken).arg(last));
    painter.save();
    painter.translate(0, area.bottom());
    painter.rotate(-90);
    painter.drawText(QRect(0, 0, area.height(), line), Qt::AlignCenter, tr("depth"));
    painter.restore();
}

void LensGrid::paintCell(QPainter& painter, const QRect& rect, const LensCell& cell) const {
    const TokenProbability& best = cell.top.front();
    painter.fillRect(rect, probabilityTint(best.probability, palette().color(QPalette::Base)));
    painter.setPen(palette().color(QPalette::Text));
    if (best.id == cell.actual) painter.drawRect(rect.adjusted(0, 0, -1, -1));
    if (rect.height() < fontMetrics().ascent()) return;
    painter.drawText(
        rect, Qt::AlignCenter,
        fontMetrics().elidedText(visibleToken(*page_.tokenizer, best.id), Qt::ElideRight, rect.width() - grid / 2));
}

Table LensGrid::table(bool) const {
    struct Row {
        LensPlace place;
        std::shared_ptr<const LensCell> cell;
        std::size_t rank;
    };
    auto rows = std::make_shared<std::vector<Row>>();
    for (std::size_t at = 0; at < page_.cells.size(); ++at) {
        const auto columns = static_cast<std::size_t>(page_.tokens.size());
        const LensPlace place{static_cast<int>(at / columns), page_.firstToken + static_cast<int>(at % columns)};
        for (std::size_t rank = 0; page_.cells[at] && rank < page_.cells[at]->top.size(); ++rank)
            rows->push_back({place, page_.cells[at], rank});
    }
    return {{"depth", "token", "rank", "token_id", "piece", "probability", "actual_id", "actual_rank", "actual_probability",
             "kl_to_output_nats"},
            rows->size(),
            [rows, tokenizer = page_.tokenizer](std::size_t at, std::vector<TableCell>& cells) {
                const Row& row = (*rows)[at];
                const TokenProbability& token = row.cell->top[row.rank];
                cells = {std::int64_t{row.place.depth}, std::int64_t{row.place.token}, static_cast<std::int64_t>(row.rank + 1),
                         std::int64_t{token.id},        tokenizer->piece(token.id),    double{token.probability}};
                cells.resize(10);
                if (row.cell->actual >= 0) {
                    cells[6] = std::int64_t{row.cell->actual};
                    cells[7] = std::int64_t{row.cell->actualRank};
                    cells[8] = double{row.cell->actualProbability};
                }
                if (!std::isnan(row.cell->divergence)) cells[9] = double{row.cell->divergence};
            }};
}

/// Marked at once: the next key counts from there.
void LensGrid::choose(LensPlace place) {
    setMarked(place);
    emit chosen(place);
}

void LensGrid::mousePressEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) return QWidget::mousePressEvent(event);
    if (const LensPlace place = placeAt(event->position().toPoint()); place.depth >= 0) choose(place);
}

void LensGrid::mouseMoveEvent(QMouseEvent* event) { emit hovered(placeAt(event->position().toPoint())); }

void LensGrid::leaveEvent(QEvent*) { emit hovered({-1, -1}); }

void LensGrid::keyPressEvent(QKeyEvent* event) {
    LensPlace to = marked_;
    switch (event->key()) {
        case Qt::Key_Left:
            --to.token;
            break;
        case Qt::Key_Right:
            ++to.token;
            break;
        case Qt::Key_Up:
            --to.depth;
            break;
        case Qt::Key_Down:
            ++to.depth;
            break;
        default:
            return QWidget::keyPressEvent(event);
    }
    if (to.token >= 0 && to.token < page_.textTokens && to.depth >= 0 && to.depth < page_.depths) choose(to);
}

void LensGrid::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    if (std::exchange(fitted_, tokensThatFit()) != fitted_) emit roomChanged();
}

}  // namespace ternion::app
