#include "views/plot_cursors.h"

#include <QApplication>
#include <QKeyEvent>
#include <QLocale>
#include <QMouseEvent>
#include <QRegularExpression>
#include <cmath>

#include "chat/labels.h"

namespace ternion::app {
namespace {

constexpr int digits = 4;

QString plotCursorsText(const char* source) { return QCoreApplication::translate("PlotCursors", source); }

bool counts(const QCPAbstractPlottable* series) { return series->selectable() != QCP::stNone && series->visible(); }

/// The value nearest to `x`; -1: it has none.
int nearestTo(const QCPPlottableInterface1D& data, double x) {
    if (data.dataCount() == 0) return -1;
    const int at = data.findBegin(x);  // the last before it
    const int next = std::min(at + 1, data.dataCount() - 1);
    return std::abs(data.dataMainKey(next) - x) < std::abs(data.dataMainKey(at) - x) ? next : at;
}

/// "Token latency (ms)": "ms". Empty: none.
QString unitOf(const QCPAxis* axis) {
    static const QRegularExpression unit(QStringLiteral("\\(([^(),;]*)[^()]*\\)\\s*$"));
    const QString found = unit.match(axis->label()).captured(1);
    return found.isEmpty() ? found : QLatin1Char(' ') + found;
}

QString number(double value) { return QLocale().toString(value, 'g', digits).replace(QLatin1Char('-'), QChar(0x2212)); }

}  // namespace

PlotCursors::PlotCursors(PlotView& plot) : QObject(&plot), plot_(plot) { plot.installEventFilter(this); }

void PlotCursors::set(Which which, const QPointF& at) {
    const double x = plot_.xAxis->pixelToCoord(at.x());
    double least = std::numeric_limits<double>::infinity();
    std::optional<Cursor> found;
    for (int k = 0; k < plot_.plottableCount(); ++k) {
        QCPAbstractPlottable* series = plot_.plottable(k);
        if (!counts(series) || series->interface1D() == nullptr) continue;
        const int index = nearestTo(*series->interface1D(), x);
        if (index < 0) continue;
        const QPointF place = series->interface1D()->dataPixelPosition(index);
        const double distance = std::hypot(place.x() - at.x(), place.y() - at.y());
        if (!(distance < least)) continue;
        least = distance;
        found = Cursor{series->name(), series->interface1D()->dataMainKey(index), series->interface1D()->dataMainValue(index)};
    }
    if (!found) return;
    cursors_[which] = found;
    draw();
    emit changed();
}

void PlotCursors::clear() {
    for (const Which which : {A, B}) {
        cursors_[which].reset();
        removeMarks(which);
    }
    plot_.replot(QCustomPlot::rpQueuedReplot);
    emit changed();
}

void PlotCursors::update() {
    bool any = false;
    for (const Which which : {A, B}) {
        auto& cursor = cursors_[which];
        if (!cursor) continue;
        any = true;
        QCPAbstractPlottable* const series = seriesOf(which);
        const int index = series != nullptr ? nearestTo(*series->interface1D(), cursor->x) : -1;
        if (index < 0) {
            cursor.reset();
            continue;
        }
        cursor->x = series->interface1D()->dataMainKey(index);
        cursor->y = series->interface1D()->dataMainValue(index);
    }
    if (!any) return;
    draw();
    emit changed();
}

QCPAbstractPlottable* PlotCursors::seriesOf(Which which) const {
    if (!cursors_[which]) return nullptr;
    for (int k = 0; k < plot_.plottableCount(); ++k) {
        QCPAbstractPlottable* series = plot_.plottable(k);
        if (counts(series) && series->interface1D() != nullptr && series->name() == cursors_[which]->series) return series;
    }
    return nullptr;
}

QString PlotCursors::text() const {
    const QString xUnit = unitOf(plot_.xAxis);
    const QString yUnit = unitOf(plot_.yAxis);
    const auto pair = [&](double x, double y) { return number(x) + xUnit + QStringLiteral(", ") + number(y) + yUnit; };
    const auto& [a, b] = cursors_;
    QStringList parts;
    if (a) parts << plotCursorsText("A: %1").arg(pair(a->x, a->y));
    if (b) parts << plotCursorsText("B: %1").arg(pair(b->x, b->y));
    if (a && b) parts << plotCursorsText("B %1 A: %2").arg(QChar(0x2212)).arg(pair(b->x - a->x, b->y - a->y));
    if (parts.isEmpty()) return {};
    if (a && b && a->series != b->series)
        parts << plotCursorsText("A on %1, B on %2").arg(a->series, b->series);
    else
        parts << (a ? a : b)->series;
    return parts.join(QStringLiteral("  ·  "));
}

bool PlotCursors::eventFilter(QObject* watched, QEvent* event) {
    switch (event->type()) {
        case QEvent::MouseButtonPress:
            pressedAt_ = static_cast<QMouseEvent*>(event)->position().toPoint();
            break;
        case QEvent::MouseMove:
            pointer_ = static_cast<QMouseEvent*>(event)->position().toPoint();
            break;
        case QEvent::Leave:
            pointer_.reset();
            break;
        case QEvent::MouseButtonRelease: {
            const auto* mouse = static_cast<QMouseEvent*>(event);
            const QPoint at = mouse->position().toPoint();
            const bool click = (at - pressedAt_).manhattanLength() < QApplication::startDragDistance();
            if (!click || mouse->button() != Qt::LeftButton || !plot_.axisRect()->rect().contains(at)) break;
            if ((mouse->modifiers() & Qt::ShiftModifier) != 0) set(A, at);
            if ((mouse->modifiers() & Qt::ControlModifier) != 0) set(B, at);
            break;
        }
        case QEvent::ShortcutOverride:
        case QEvent::KeyPress: {
            auto* key = static_cast<QKeyEvent*>(event);
            const bool letter = key->modifiers() == Qt::NoModifier && (key->key() == Qt::Key_A || key->key() == Qt::Key_B);
            const bool escape = key->key() == Qt::Key_Escape && (cursors_[A] || cursors_[B]);
            if (!letter && !escape) break;
            event->accept();
            if (event->type() == QEvent::ShortcutOverride) return true;
            if (escape)
                clear();
            else  // without a pointer in the middle, from where the arrow keys move the plot
                set(key->key() == Qt::Key_A ? A : B, pointer_.value_or(plot_.axisRect()->center()));
            return true;
        }
        default:
            break;
    }
    return QObject::eventFilter(watched, event);
}

void PlotCursors::draw() {
    for (const Which which : {A, B}) {
        const auto& cursor = cursors_[which];
        Marks& marks = marks_[which];
        if (!cursor) {
            removeMarks(which);
            continue;
        }
        if (!marks.line) {
            marks.line = new QCPItemStraightLine(&plot_);
            marks.point = new QCPItemTracer(&plot_);
            marks.name = new QCPItemText(&plot_);
            marks.point->setStyle(QCPItemTracer::tsCircle);
            marks.point->setSize(grid);
            for (QCPItemPosition* end : {marks.line->point1, marks.line->point2})
                end->setTypeY(QCPItemPosition::ptAxisRectRatio);
            marks.name->position->setTypeY(QCPItemPosition::ptAxisRectRatio);
            marks.name->setPositionAlignment(Qt::AlignBottom | (which == A ? Qt::AlignRight : Qt::AlignLeft));
            marks.name->setPadding({grid / 2, 0, grid / 2, 0});
            marks.name->setText(which == A ? QStringLiteral("A") : QStringLiteral("B"));
            for (QCPAbstractItem* item : {static_cast<QCPAbstractItem*>(marks.line), static_cast<QCPAbstractItem*>(marks.point),
                                          static_cast<QCPAbstractItem*>(marks.name)})
                item->setSelectable(false);
        }
        const QColor accent = plot_.palette().color(QPalette::Highlight);
        marks.line->setPen(QPen(accent, 1));
        marks.point->setPen(QPen(accent, 2));
        marks.name->setColor(accent);
        marks.name->setFont(plot_.font());
        marks.line->point1->setCoords(cursor->x, 0);
        marks.line->point2->setCoords(cursor->x, 1);
        marks.point->position->setCoords(cursor->x, cursor->y);
        marks.name->position->setCoords(cursor->x, 1);
    }
    plot_.replot(QCustomPlot::rpQueuedReplot);
}

void PlotCursors::removeMarks(Which which) {
    Marks& marks = marks_[which];
    if (marks.line) plot_.removeItem(marks.line);
    if (marks.point) plot_.removeItem(marks.point);
    if (marks.name) plot_.removeItem(marks.name);
}

}  // namespace ternion::app
