#include "inspect/views/plot_view.h"

#include <QPicture>
#include <array>
#include <cmath>

#include "chat/labels.h"

namespace ternion::app {
namespace {

constexpr double zoomStep = 1.25;
constexpr double panStep = 0.1;

struct Point {
    std::string series;
    double x, y;
};

}  // namespace

PlotView::PlotView(const QString& name, QWidget* parent) : QCustomPlot(parent) {
    setObjectName(name);
    setAccessibleName(name);
    setProperty("textSize", "small");
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);
    axisRect()->setRangeZoomFactor(1 / zoomStep);
    plotLayout()->setMargins({});
    axisRect()->setMinimumMargins({grid, grid, grid, grid});
    axisRect()->insetLayout()->setInsetAlignment(0, Qt::AlignRight | Qt::AlignTop);
    applyTheme();
}

void PlotView::setTitles(const QString& x, const QString& y) {
    xAxis->setLabel(x);
    yAxis->setLabel(y);
}

QColor PlotView::seriesColor(int index) {
    // Okabe and Ito 2008, those of at least 3:1 on light and dark or nearly; the trits' hues first.
    static constexpr std::array<QRgb, 6> colors{0x2a7fd0, 0xd06f00, 0x009e73, 0xc0609a, 0x8a7a00, 0x4fa3c7};
    return colors[static_cast<std::size_t>(index) % colors.size()];
}

void PlotView::clearAll() {
    clearPlottables();
    clearItems();
    marked_ = nullptr;
}

void PlotView::showAll() {
    legend->setVisible(plottableCount() > 1);
    rescaleAxes();
    constexpr double room = 1.08;
    yAxis->scaleRange(room);
    if (graphCount() > 0) xAxis->scaleRange(1.02);
    replot(rpQueuedReplot);
}

void PlotView::setMarked(double x) {
    if (marked_ == nullptr) {
        marked_ = new QCPItemStraightLine(this);
        marked_->setPen(QPen(palette().color(QPalette::Highlight), 1));
        marked_->setSelectable(false);
    }
    marked_->setVisible(!std::isnan(x));
    if (!std::isnan(x)) {
        marked_->point1->setCoords(x, 0);
        marked_->point2->setCoords(x, 1);
    }
    replot(rpQueuedReplot);
}

void PlotView::paintPicture(QPainter& painter, const QSize& size) {
    QPicture picture;
    QCPPainter recorder(&picture);
    recorder.setMode(QCPPainter::pmVectorized);
    recorder.setMode(QCPPainter::pmNoCaching);
    recorder.fillRect(QRect(QPoint(), size), palette().color(QPalette::Base));
    toPainter(&recorder, size.width(), size.height());
    recorder.end();
    painter.drawPicture(0, 0, picture);
    updateLayout();
}

Table PlotView::table(bool visibleOnly) const {
    auto points = std::make_shared<std::vector<Point>>();
    auto* plot = const_cast<PlotView*>(this);
    for (int k = 0; k < plot->plottableCount(); ++k) {
        QCPAbstractPlottable* const plottable = plot->plottable(k);
        const QCPPlottableInterface1D* const data = plottable->interface1D();
        if (data == nullptr) continue;
        for (int at = 0; at < data->dataCount(); ++at)
            if (const double x = data->dataMainKey(at); !visibleOnly || plottable->keyAxis()->range().contains(x))
                points->push_back({plottable->name().toStdString(), x, data->dataMainValue(at)});
    }
    return {{"series", columnName(xAxis->label(), "x"), columnName(yAxis->label(), "y")},
            points->size(),
            [points](std::size_t row, std::vector<TableCell>& cells) {
                const Point& point = (*points)[row];
                cells[0] = point.series;
                cells[1] = point.x;
                if (!std::isnan(point.y)) cells[2] = point.y;
            }};
}

void PlotView::changeEvent(QEvent* event) {
    QCustomPlot::changeEvent(event);
    switch (event->type()) {
        case QEvent::PaletteChange:
        case QEvent::FontChange:
        case QEvent::StyleChange:
            applyTheme();
            replot(rpQueuedReplot);
            break;
        default:
            break;
    }
}

void PlotView::applyTheme() {
    const QColor text = palette().color(QPalette::Text);
    const QColor muted = palette().color(QPalette::PlaceholderText);
    const QColor border = palette().color(QPalette::Mid);
    setBackground(QBrush(palette().color(QPalette::Base)));
    QColor faint = border;
    faint.setAlphaF(0.6F);
    for (QCPAxis* axis : {xAxis, yAxis, xAxis2, yAxis2}) {
        axis->setBasePen(border);
        axis->setTickPen(border);
        axis->setSubTickPen(Qt::NoPen);
        axis->setTickLabelColor(muted);
        axis->setTickLabelFont(font());
        axis->setLabelColor(text);
        axis->setLabelFont(font());
        axis->setTickLength(0, 4);
        axis->grid()->setPen(faint);
        axis->grid()->setZeroLinePen(border);
    }
    QColor veil = palette().color(QPalette::Base);
    veil.setAlpha(220);
    legend->setBrush(veil);
    legend->setBorderPen(Qt::NoPen);
    legend->setTextColor(text);
    legend->setFont(font());
    if (marked_ != nullptr) marked_->setPen(QPen(palette().color(QPalette::Highlight), 1));
}

void PlotView::paintEvent(QPaintEvent* event) {
    QCustomPlot::paintEvent(event);
    if (!hasFocus()) return;
    QPainter painter(this);
    painter.setPen(palette().color(QPalette::Highlight));
    painter.drawRect(rect().adjusted(0, 0, -1, -1));
}

void PlotView::zoom(double factor) {
    for (QCPAxis* axis : {xAxis, yAxis}) axis->scaleRange(1 / factor);
    replot(rpQueuedReplot);
}

void PlotView::pan(double x, double y) {
    const auto move = [](QCPAxis* axis, double by) {
        if (axis->scaleType() == QCPAxis::stLogarithmic)
            axis->moveRange(std::pow(axis->range().upper / axis->range().lower, by));
        else
            axis->moveRange(axis->range().size() * by);
    };
    move(xAxis, x);
    move(yAxis, y);
    replot(rpQueuedReplot);
}

void PlotView::keyPressEvent(QKeyEvent* event) {
    switch (event->key()) {
        case Qt::Key_Left:
            return pan(-panStep, 0);
        case Qt::Key_Right:
            return pan(panStep, 0);
        case Qt::Key_Up:
            return pan(0, panStep);
        case Qt::Key_Down:
            return pan(0, -panStep);
        case Qt::Key_Plus:
        case Qt::Key_Equal:
            return zoom(zoomStep);
        case Qt::Key_Minus:
            return zoom(1 / zoomStep);
        case Qt::Key_0:
            return showAll();
        default:
            return QCustomPlot::keyPressEvent(event);
    }
}

void PlotView::mousePressEvent(QMouseEvent* event) {
    pressedAt_ = event->position().toPoint();
    QCustomPlot::mousePressEvent(event);
}

void PlotView::mouseMoveEvent(QMouseEvent* event) {
    QCustomPlot::mouseMoveEvent(event);
    if (event->buttons() != Qt::NoButton) return;
    QCPAbstractPlottable* nearest = nullptr;
    int index = 0;
    double least = selectionTolerance();
    for (int k = 0; k < plottableCount(); ++k) {
        QVariant details;
        const double distance = plottable(k)->selectTest(event->position(), false, &details);
        const auto selection = details.value<QCPDataSelection>();
        if (distance < 0 || distance >= least || selection.isEmpty() || plottable(k)->interface1D() == nullptr) continue;
        least = distance;
        nearest = plottable(k);
        index = selection.dataRange().begin();
    }
    if (nearest == nullptr) return QToolTip::hideText();
    const QCPPlottableInterface1D& data = *nearest->interface1D();
    const auto line = [&](const QCPAxis* axis, const char* otherwise, double value) {
        return QStringLiteral("%1: %2").arg(axis->label().isEmpty() ? QLatin1String(otherwise) : axis->label(),
                                            locale().toString(value, 'g', 6));
    };
    QStringList lines{nearest->name(), line(nearest->keyAxis(), "x", data.dataMainKey(index)),
                      line(nearest->valueAxis(), "y", data.dataMainValue(index))};
    lines.removeAll(QString());
    QToolTip::showText(event->globalPosition().toPoint(), lines.join(QLatin1Char('\n')), this);
}

void PlotView::mouseReleaseEvent(QMouseEvent* event) {
    QCustomPlot::mouseReleaseEvent(event);
    const QPointF at = event->position();
    if (event->button() != Qt::LeftButton || (at - pressedAt_).manhattanLength() >= QApplication::startDragDistance()) return;
    if (axisRect()->rect().contains(at.toPoint()))
        emit positionActivated(xAxis->pixelToCoord(at.x()), yAxis->pixelToCoord(at.y()));
}

}  // namespace ternion::app
