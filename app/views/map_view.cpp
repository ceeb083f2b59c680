#include "views/map_view.h"

#include <QApplication>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QTimer>
#include <QToolTip>
#include <algorithm>
#include <cmath>

#include "chat/labels.h"
#include "views/zoom.h"

namespace ternion::app {
namespace {

constexpr int half = grid / 2;
constexpr int tick = 4;  // pixels
constexpr int barWidth = 12;
constexpr int gridFrom = 14;         // pixels a cell from which its borders are drawn
constexpr QSize valuesFrom{40, 16};  // ... and its value written
constexpr double wheelStep = 120;    // of QWheelEvent::angleDelta
constexpr int most = 1 << 24;        // so that positions in pixels stay far from overflow

constexpr int late = 300;  // milliseconds after which it is said that something is under way

QString shortNumber(float value, ColorScale::Map map) {
    constexpr float thousand = 1e3F;
    constexpr float million = 1e6F;
    const bool whole = std::abs(value) >= thousand && std::abs(value) < million;
    QString text = whole ? QString::number(value, 'f', 0) : QString::number(value, 'g', 3);
    if (map == ColorScale::Map::Trits && value > 0) text.prepend(QLatin1Char('+'));
    return text.replace(QLatin1Char('-'), QChar(0x2212));
}

/// Of the scale bar, bottom and top.
std::pair<float, float> endsOf(const ColorScale& scale) {
    return scale.map == ColorScale::Map::Trits ? std::pair(-1.0F, 1.0F) : std::pair(scale.low, scale.high);
}

/// 1, 2 or 5 times a power of ten, at least `least`.
int niceStep(double least) {
    int step = 1;
    for (int k = 0; step < least; ++k) step = k % 3 == 1 ? step / 2 * 5 : step * 2;
    return step;
}

/// Where cell `cell` of `cells` begins in `length` pixels: as MapSource::reduce() has it.
int edge(int cell, int cells, int length) { return static_cast<int>((qint64{cell} * length + cells - 1) / cells); }

/// As much of `count` cells from `first` on as there is among `all`, moved rather than cut.
void bringInto(int all, int& first, int& count) {
    count = std::clamp(count, std::min(1, all), all);
    first = std::clamp(first, 0, all - count);
}

MapRegion whole(const MapSource& source) { return {0, source.rows(), 0, source.columns()}; }

QImage reduced(const MapSource& source, const ColorScale& scale, const MapRegion& region, const QSize& size,
               const std::stop_token& stop) {
    std::vector<float> values(static_cast<std::size_t>(size.width()) * static_cast<std::size_t>(size.height()));
    source.reduce(region, size.height(), size.width(), values, stop);
    QImage image(size, QImage::Format_ARGB32_Premultiplied);
    const float* value = values.data();
    for (int y = 0; y < size.height() && !stop.stop_requested(); ++y) {
        auto* line = reinterpret_cast<QRgb*>(image.scanLine(y));
        for (int x = 0; x < size.width(); ++x) line[x] = scale.color(*value++);
    }
    return image;
}

}  // namespace

struct MapView::Layout {
    QRect image;  ///< empty: there is no room
    QRect scaleBar;
    QSize size;
};

MapView::MapView(const QString& name, QWidget* parent) : QWidget(parent) {
    setObjectName(name);
    setAccessibleName(name);
    setProperty("textSize", "small");
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setAttribute(Qt::WA_OpaquePaintEvent);
}

void MapView::setSource(std::shared_ptr<const MapSource> source, const ColorScale& scale) {
    const MapRegion all = source ? whole(*source) : MapRegion();
    const bool sameSize = source && source_ && whole(*source_) == all;
    source_ = std::move(source);
    scale_ = scale;
    if (!source_) image_ = {};
    hovered_ = {};
    if (!sameSize) {
        region_ = all;
        selected_ = {};
        emit regionChanged();
    }
    refresh();
}

void MapView::setAxes(const QString& rowTitle, const QString& columnTitle) {
    rowTitle_ = rowTitle;
    columnTitle_ = columnTitle;
    update();
}

void MapView::setMarked(int row, int column) {
    markedRow_ = row;
    markedColumn_ = column;
    update();
}

void MapView::showRegion(const MapRegion& region) {
    if (!source_) return;
    MapRegion shown = region;
    bringInto(source_->rows(), shown.firstRow, shown.rows);
    bringInto(source_->columns(), shown.firstColumn, shown.columns);
    if (shown == region_) return;
    region_ = shown;
    emit regionChanged();
    refresh();
}

void MapView::showAll() {
    if (source_) showRegion(whole(*source_));
}

QRect MapView::cellRect(int row, int column) const {
    const QRect image = layoutFor(size()).image;
    return rectOf({row, 1, column, 1}, image) & image;
}

QRect MapView::imageRect() const { return layoutFor(size()).image; }

bool MapView::ready() const { return !stale_ && !task_.running(); }

/// Not cut where it goes beyond what is shown.
QRect MapView::rectOf(const MapRegion& cells, const QRect& image) const {
    if (region_.rows == 0 || region_.columns == 0) return {};
    const auto along = [](int from, int count, int first, int shown, int length) {
        const int begin = edge(std::clamp(from - first, -most, most), shown, length);
        const int end = edge(std::clamp(from + count - first, -most, most), shown, length);
        return std::pair(begin, std::max(end - begin, 1));
    };
    const auto [x, width] = along(cells.firstColumn, cells.columns, region_.firstColumn, region_.columns, image.width());
    const auto [y, height] = along(cells.firstRow, cells.rows, region_.firstRow, region_.rows, image.height());
    return {image.x() + x, image.y() + y, width, height};
}

MapView::Cell MapView::cellAt(const QPoint& at) const {
    const QRect image = layoutFor(size()).image;
    if (image.isEmpty() || region_.rows == 0 || region_.columns == 0) return {};
    const auto along = [](int offset, int length, int first, int count) {
        return first + static_cast<int>(qint64{std::clamp(offset, 0, length - 1)} * count / length);
    };
    return {along(at.y() - image.y(), image.height(), region_.firstRow, region_.rows),
            along(at.x() - image.x(), image.width(), region_.firstColumn, region_.columns)};
}

MapView::Layout MapView::layoutFor(const QSize& size) const {
    Layout layout;
    layout.size = size;
    if (!source_ || source_->rows() == 0 || source_->columns() == 0) return layout;
    const QFontMetrics metrics = fontMetrics();
    const int line = metrics.height();
    const int rowLabels = metrics.horizontalAdvance(QString::number(source_->rows() - 1));
    const auto [low, high] = endsOf(scale_);
    const int scaleLabels = std::max(metrics.horizontalAdvance(shortNumber(low, scale_.map)),
                                     metrics.horizontalAdvance(shortNumber(high, scale_.map)));
    const int left = grid + (rowTitle_.isEmpty() ? 0 : line) + rowLabels + half + tick;
    const int bottom = tick + line + (columnTitle_.isEmpty() ? 0 : line) + half;
    const int right = grid + barWidth + half + scaleLabels + (scale_.unit.isEmpty() ? 0 : line) + half;
    const QRect image = QRect(QPoint(), size).adjusted(left, grid, -right, -bottom);
    if (image.width() < grid || image.height() < grid) return layout;
    layout.image = image;
    layout.scaleBar = {image.right() + 1 + grid, image.y(), barWidth, image.height()};
    return layout;
}

void MapView::refresh() {
    update();
    const QSize pixels = layoutFor(size()).image.size() * devicePixelRatioF();
    stale_ = !pixels.isEmpty();
    // One that is under way is let finish, so that something is seen while the values change all the time.
    if (!stale_ || task_.running()) return;
    stale_ = false;
    reducing_.start();
    QTimer::singleShot(late, this, qOverload<>(&QWidget::update));
    scale_.background = palette().color(QPalette::Base).rgb();
    task_.run([source = source_, scale = scale_, region = region_, pixels](
                  const std::stop_token& stop) { return std::pair(reduced(*source, scale, region, pixels, stop), region); },
              [this](std::pair<QImage, MapRegion> done) {
                  if (source_) std::tie(image_, imageRegion_) = std::move(done);
                  if (stale_)
                      refresh();
                  else
                      update();
              });
}

void MapView::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const Layout layout = layoutFor(size());
    const QSize pixels = layout.image.size() * devicePixelRatioF();
    if (!pixels.isEmpty() && image_.size() != pixels && ready()) refresh();  // on another screen now
    paintInto(painter, layout);
    if (!source_ || layout.image.isEmpty()) return;
    const QColor accent = palette().color(QPalette::Highlight);
    painter.save();
    painter.setClipRect(layout.image);
    if (selected_.rows > 0) {
        QColor veil = accent;
        veil.setAlpha(60);
        const QRect chosen = rectOf(selected_, layout.image);
        painter.fillRect(chosen, veil);
        outline(painter, {chosen});
    }
    if (!ready() && reducing_.isValid() && reducing_.hasExpired(late)) {
        painter.fillRect(QRect(layout.image.topLeft(), QSize(layout.image.width(), fontMetrics().height())),
                         palette().color(QPalette::Base));
        painter.setPen(palette().color(QPalette::PlaceholderText));
        painter.drawText(layout.image, Qt::AlignTop | Qt::AlignLeft, tr("Drawing…"));
    }
    painter.restore();
    if (hasFocus()) {
        painter.setPen(accent);
        painter.drawRect(rect().adjusted(0, 0, -1, -1));
    }
}

void MapView::paintInto(QPainter& painter, const Layout& layout) const {
    painter.fillRect(QRect(QPoint(), layout.size), palette().color(QPalette::Base));
    if (layout.image.isEmpty()) return;
    painter.setFont(font());
    painter.save();
    painter.setClipRect(layout.image);
    if (!image_.isNull()) painter.drawImage(rectOf(imageRegion_, layout.image), image_);
    paintCells(painter, layout.image);
    QVector<QRect> marked;
    if (markedRow_ >= 0)
        marked << rectOf({markedRow_, 1, region_.firstColumn, region_.columns}, layout.image).adjusted(-4, 0, 4, 0);
    if (markedColumn_ >= 0)
        marked << rectOf({region_.firstRow, region_.rows, markedColumn_, 1}, layout.image).adjusted(0, -4, 0, 4);
    outline(painter, marked);
    painter.restore();
    paintAxes(painter, layout);
    paintScaleBar(painter, layout);
}

/// In the accent colour, on a border that sets it off from any other.
void MapView::outline(QPainter& painter, const QVector<QRect>& rects) const {
    QColor halo = palette().color(QPalette::Base);
    halo.setAlpha(160);
    for (const QPen& pen : {QPen(halo, 3), QPen(palette().color(QPalette::Highlight), 1)}) {
        painter.setPen(pen);
        for (const QRect& rect : rects) painter.drawRect(rect.adjusted(0, 0, -1, -1));
    }
}

/// Borders and values, where the cells are large enough.
void MapView::paintCells(QPainter& painter, const QRect& image) const {
    const QSize cell(image.width() / region_.columns, image.height() / region_.rows);
    QColor line = palette().color(QPalette::Base);
    painter.setPen(line);
    if (cell.width() >= gridFrom)
        for (int k = 1; k < region_.columns; ++k) {
            const int x = image.x() + edge(k, region_.columns, image.width());
            painter.drawLine(x, image.top(), x, image.bottom());
        }
    if (cell.height() >= gridFrom)
        for (int k = 1; k < region_.rows; ++k) {
            const int y = image.y() + edge(k, region_.rows, image.height());
            painter.drawLine(image.left(), y, image.right(), y);
        }
    if (cell.width() < valuesFrom.width() || cell.height() < valuesFrom.height()) return;
    constexpr int bright = 105;  // from here on black is read more easily than white
    for (int row = region_.firstRow; row < region_.firstRow + region_.rows; ++row)
        for (int column = region_.firstColumn; column < region_.firstColumn + region_.columns; ++column) {
            const float value = source_->value(row, column);
            if (std::isnan(value)) continue;
            painter.setPen(qGray(scale_.color(value)) < bright ? Qt::white : Qt::black);
            painter.drawText(rectOf({row, 1, column, 1}, image), Qt::AlignCenter, shortNumber(value, scale_.map));
        }
}

void MapView::paintAxes(QPainter& painter, const Layout& layout) const {
    const QFontMetrics metrics = fontMetrics();
    const int line = metrics.height();
    const QRect& image = layout.image;
    const QColor axis = palette().color(QPalette::Mid);
    const QColor text = palette().color(QPalette::Text);
    const QColor muted = palette().color(QPalette::PlaceholderText);
    painter.setPen(axis);
    painter.drawRect(image.adjusted(-1, -1, 0, 0));

    const int widest = metrics.horizontalAdvance(QString::number(region_.firstColumn + region_.columns));
    int step = niceStep((widest + grid) * double(region_.columns) / image.width());
    const auto firstTick = [&](int first) { return (first + step - 1) / step * step; };
    for (int k = firstTick(region_.firstColumn); k < region_.firstColumn + region_.columns; k += step) {
        const int x = rectOf({0, 1, k, 1}, image).center().x();
        painter.setPen(axis);
        painter.drawLine(x, image.bottom() + 1, x, image.bottom() + tick);
        painter.setPen(muted);
        painter.drawText(QRect(x - widest, image.bottom() + 1 + tick, 2 * widest, line), Qt::AlignCenter, QString::number(k));
    }
    const double cellHeight = image.height() / double(region_.rows);
    step = cellHeight >= std::max(gridFrom, metrics.ascent()) ? 1 : niceStep((line + half) / cellHeight);
    for (int k = firstTick(region_.firstRow); k < region_.firstRow + region_.rows; k += step) {
        const int y = rectOf({k, 1, 0, 1}, image).center().y();
        painter.setPen(axis);
        painter.drawLine(image.x() - 1 - tick, y, image.x() - 2, y);
        painter.setPen(muted);
        painter.drawText(QRect(0, y - line / 2, image.x() - tick - half, line), Qt::AlignRight | Qt::AlignVCenter,
                         QString::number(k));
    }

    painter.setPen(text);
    painter.drawText(QRect(image.x(), image.bottom() + 1 + tick + line, image.width(), line), Qt::AlignCenter,
                     metrics.elidedText(columnTitle_, Qt::ElideRight, image.width()));
    painter.save();
    painter.translate(half, image.bottom() + 1);
    painter.rotate(-90);
    painter.drawText(QRect(0, 0, image.height(), line), Qt::AlignCenter,
                     metrics.elidedText(rowTitle_, Qt::ElideRight, image.height()));
    painter.restore();
}

void MapView::paintScaleBar(QPainter& painter, const Layout& layout) const {
    const QFontMetrics metrics = fontMetrics();
    const int line = metrics.height();
    const QRect& bar = layout.scaleBar;
    const auto [low, high] = endsOf(scale_);
    const float zero = high > low ? -low / (high - low) : 0;
    const bool decades = scale_.map == ColorScale::Map::Decades;
    const int foot = decades ? (high > low ? line + half : bar.height()) : 0;  // of what is exactly zero
    const auto valueAt = [&, low = low, high = high](int y) {
        const float at = float(bar.bottom() - foot - y) / float(std::max(bar.height() - foot - 1, 1));
        if (at < 0) return 0.0F;
        return decades ? low * std::pow(high / low, at) : low + (high - low) * at;
    };
    for (int y = bar.top(); y <= bar.bottom(); ++y)
        painter.fillRect(bar.x(), y, bar.width(), 1, QColor::fromRgba(scale_.color(valueAt(y))));
    painter.setPen(palette().color(QPalette::Mid));
    painter.drawRect(bar.adjusted(-1, -1, 0, 0));

    painter.setPen(palette().color(QPalette::PlaceholderText));
    const int left = bar.right() + 1 + half;
    const int width = layout.size.width() - left;
    if (foot < bar.height()) {
        painter.drawText(QRect(left, bar.top() - line / 4, width, line), Qt::AlignLeft | Qt::AlignTop,
                         shortNumber(high, scale_.map));
        painter.drawText(QRect(left, bar.bottom() - foot - line + line / 4, width, line), Qt::AlignLeft | Qt::AlignBottom,
                         shortNumber(low, scale_.map));
    }
    if (decades)
        painter.drawText(QRect(left, bar.bottom() - line + line / 4, width, line), Qt::AlignLeft | Qt::AlignBottom,
                         shortNumber(0, scale_.map));
    if (low < 0 && high > 0 && bar.height() > 4 * line)
        painter.drawText(QRect(left, bar.bottom() - qRound(zero * float(bar.height() - 1)) - line / 2, width, line),
                         Qt::AlignLeft | Qt::AlignVCenter, shortNumber(0, scale_.map));
    if (scale_.unit.isEmpty()) return;
    painter.setPen(palette().color(QPalette::Text));
    painter.save();
    painter.translate(layout.size.width() - half - line, bar.bottom() + 1);
    painter.rotate(-90);
    painter.drawText(QRect(0, 0, bar.height(), line), Qt::AlignCenter,
                     metrics.elidedText(scale_.unit, Qt::ElideRight, bar.height()));
    painter.restore();
}

void MapView::paintPicture(QPainter& painter, const QSize& size) {
    const Layout layout = layoutFor(size);
    if (!layout.image.isEmpty() && image_.isNull()) {  // never shown
        image_ = reduced(*source_, scale_, region_, layout.image.size() * devicePixelRatioF(), {});
        imageRegion_ = region_;
    }
    paintInto(painter, layout);
}

Table MapView::table(bool visibleOnly) const {
    Table table{{columnName(rowTitle_, "row"), columnName(columnTitle_, "column"), "value"}, 0, {}};
    if (!source_) return table;
    const MapRegion region = visibleOnly ? region_ : whole(*source_);
    const auto columns = static_cast<std::size_t>(region.columns);
    table.rows = static_cast<std::size_t>(region.rows) * columns;
    table.fill = [source = source_, region, columns](std::size_t at, std::vector<TableCell>& cells) {
        const int row = region.firstRow + static_cast<int>(at / columns);
        const int column = region.firstColumn + static_cast<int>(at % columns);
        cells[0] = std::int64_t{row};
        cells[1] = std::int64_t{column};
        if (const float value = source->value(row, column); !std::isnan(value)) cells[2] = double{value};
    };
    return table;
}

void MapView::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    refresh();
}

void MapView::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    switch (event->type()) {
        case QEvent::PaletteChange:
        case QEvent::FontChange:
        case QEvent::StyleChange:
            refresh();
            break;
        default:
            break;
    }
}

void MapView::mousePressEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) return QWidget::mousePressEvent(event);
    pressedAt_ = event->position().toPoint();
    pressedRegion_ = region_;
}

void MapView::mouseMoveEvent(QMouseEvent* event) {
    const QPoint at = event->position().toPoint();
    if (!(event->buttons() & Qt::LeftButton)) return hover(at, event->globalPosition().toPoint());
    const QPoint moved = at - pressedAt_;
    if (drag_ == Drag::None) {
        if (moved.manhattanLength() < QApplication::startDragDistance()) return;
        drag_ = event->modifiers() & Qt::ShiftModifier ? Drag::Select : Drag::Pan;
        QToolTip::hideText();
        if (drag_ == Drag::Pan) setCursor(Qt::ClosedHandCursor);
    }
    const QRect image = layoutFor(size()).image;
    if (image.isEmpty()) return;
    if (drag_ == Drag::Pan) {
        MapRegion region = pressedRegion_;
        region.firstRow -= static_cast<int>(std::lround(double(moved.y()) * region.rows / image.height()));
        region.firstColumn -= static_cast<int>(std::lround(double(moved.x()) * region.columns / image.width()));
        return showRegion(region);
    }
    const Cell a = cellAt(pressedAt_);
    const Cell b = cellAt(at);
    selected_ = {std::min(a.row, b.row), std::abs(a.row - b.row) + 1, std::min(a.column, b.column),
                 std::abs(a.column - b.column) + 1};
    update();
}

void MapView::mouseReleaseEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) return QWidget::mouseReleaseEvent(event);
    const Drag drag = std::exchange(drag_, Drag::None);
    unsetCursor();
    if (drag == Drag::Select) return emit regionSelected(selected_);
    const QPoint at = event->position().toPoint();
    if (drag == Drag::Pan || !layoutFor(size()).image.contains(at)) return;
    const Cell cell = cellAt(at);
    selected_ = {};
    setMarked(cell.row, cell.column);
    emit cellActivated(cell.row, cell.column);
}

void MapView::wheelEvent(QWheelEvent* event) {
    wheel_ += event->angleDelta().y() / wheelStep;
    event->accept();
    constexpr double least = 0.25;
    if (std::abs(wheel_) < least) return;
    zoom(std::pow(zoomStep, std::exchange(wheel_, 0)), event->position().toPoint());
}

/// What lies at `about` stays there.
void MapView::zoom(double factor, const QPoint& about) {
    const QRect image = layoutFor(size()).image;
    if (image.isEmpty()) return;
    const auto along = [&](int offset, int length, int& first, int& count) {
        const double at = std::clamp(double(offset) / length, 0.0, 1.0);
        int shown = static_cast<int>(std::lround(count / factor));
        if (shown == count) shown += factor > 1 ? -1 : 1;
        shown = std::max(shown, 1);
        first = static_cast<int>(std::lround(first + at * (count - shown)));
        count = shown;
    };
    MapRegion region = region_;
    along(about.x() - image.x(), image.width(), region.firstColumn, region.columns);
    along(about.y() - image.y(), image.height(), region.firstRow, region.rows);
    showRegion(region);
}

void MapView::keyPressEvent(QKeyEvent* event) {
    const QPoint middle = layoutFor(size()).image.center();
    switch (event->key()) {
        case Qt::Key_Left:
            return moveBy(0, -1);
        case Qt::Key_Right:
            return moveBy(0, 1);
        case Qt::Key_Up:
            return moveBy(-1, 0);
        case Qt::Key_Down:
            return moveBy(1, 0);
        case Qt::Key_Plus:
        case Qt::Key_Equal:
            return zoom(zoomStep, middle);
        case Qt::Key_Minus:
            return zoom(1 / zoomStep, middle);
        case Qt::Key_0:
            return showAll();
        case Qt::Key_Return:
        case Qt::Key_Enter:
            if (source_ && markedRow_ >= 0 && markedColumn_ >= 0) emit cellActivated(markedRow_, markedColumn_);
            return;
        default:
            return QWidget::keyPressEvent(event);
    }
}

/// Of the current cell; the first step from nowhere goes to the first cell that is shown.
void MapView::moveBy(int rows, int columns) {
    if (!source_ || region_.rows == 0 || region_.columns == 0) return;
    const auto along = [](int now, int by, int first, int all) { return now < 0 ? first : std::clamp(now + by, 0, all - 1); };
    setMarked(along(markedRow_, rows, region_.firstRow, source_->rows()),
              along(markedColumn_, columns, region_.firstColumn, source_->columns()));
    MapRegion region = region_;
    region.firstRow = std::clamp(region.firstRow, markedRow_ - region.rows + 1, markedRow_);
    region.firstColumn = std::clamp(region.firstColumn, markedColumn_ - region.columns + 1, markedColumn_);
    showRegion(region);
    const QRect cell = cellRect(markedRow_, markedColumn_);
    QToolTip::showText(mapToGlobal(cell.bottomRight()), source_->describe(markedRow_, markedColumn_), this, cell);
    emit cellHovered(markedRow_, markedColumn_);
}

void MapView::hover(const QPoint& at, const QPoint& onScreen) {
    const QRect image = layoutFor(size()).image;
    const Cell cell = image.contains(at) ? cellAt(at) : Cell();
    if (cell == hovered_) return;
    hovered_ = cell;
    if (cell.row >= 0)
        QToolTip::showText(onScreen, source_->describe(cell.row, cell.column), this, cellRect(cell.row, cell.column));
    else
        QToolTip::hideText();
    emit cellHovered(cell.row, cell.column);
}

void MapView::leaveEvent(QEvent*) {
    if (std::exchange(hovered_, Cell()) != Cell()) emit cellHovered(-1, -1);
}

}  // namespace ternion::app
