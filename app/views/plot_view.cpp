#include "views/plot_view.h"

#include <QPicture>
#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include "chat/labels.h"
#include "views/zoom.h"

namespace ternion::app {
namespace {

constexpr double panStep = 0.1;
constexpr double roomAside = 1.02;  // around what is there, in parts of it
constexpr double roomAbove = 1.08;

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
    legend->setIconSize(2 * grid, grid);
    legend->setRowSpacing(0);
    applyTheme();
}

void PlotView::setTitles(const QString& x, const QString& y) {
    xAxis->setLabel(x);
    yAxis->setLabel(y);
}

QColor PlotView::seriesColor(int index) {
    // After the trits' hues, searched for: any two differ by 18 or more (CIE 1976) to normal, protan, deutan and tritan eyes
    // (Machado, Oliveira and Fernandes 2009), and each has 3:1 against both themes.
    static constexpr std::array<QRgb, 6> colors{0x2a7fd0, 0xd06f00, 0x78783c, 0x8c50f0, 0xc878b4, 0xdc3c78};
    return colors[static_cast<std::size_t>(index) % colors.size()];
}

void PlotView::setLegendBelow(int entriesARow) {
    axisRect()->insetLayout()->take(legend);
    plotLayout()->addElement(1, 0, legend);
    plotLayout()->setRowStretchFactor(1, 0.001);                   // as low as it can be
    legend->setMaximumSize(QWIDGETSIZE_MAX - 1, QWIDGETSIZE_MAX);  // or an empty one leaves the plot above it no width
    legend->setFillOrder(QCPLegend::foColumnsFirst);
    legend->setWrap(entriesARow);
}

void PlotView::clearAll() {
    clearPlottables();
    clearItems();
    marked_ = nullptr;
}

void PlotView::showAll() {
    rescaleAxes();
    xAxis->scaleRange(graphCount() > 0 ? roomAside : 1);
    yAxis->scaleRange(roomAbove);
    legend->setVisible(legend->itemCount() >= legendFrom_);
    placeLegend();
    replot(rpQueuedReplot);
}

/// Into the corner where the fewest points are.
void PlotView::placeLegend() {
    if (axisRect()->insetLayout()->elementCount() == 0) return;
    constexpr double corner = 0.35;  // of the width and height
    std::array<int, 4> points{};
    for (const Point& point : allPoints()) {
        double x = 0;
        double y = 0;
        point.series->coordsToPixels(point.x, point.y, x, y);
        x = (x - axisRect()->left()) / axisRect()->width();
        y = (y - axisRect()->top()) / axisRect()->height();
        const bool left = x < corner;
        const bool top = y < corner;
        if ((left || x > 1 - corner) && (top || y > 1 - corner)) ++points[(left ? 1 : 0) + (top ? 0 : 2)];
    }
    const auto best = std::min_element(points.begin(), points.end()) - points.begin();
    axisRect()->insetLayout()->setInsetAlignment(
        0, (best % 2 == 0 ? Qt::AlignRight : Qt::AlignLeft) | (best < 2 ? Qt::AlignTop : Qt::AlignBottom));
}

void PlotView::setMarked(double x) {
    if (marked_ == nullptr) {
        marked_ = new QCPItemStraightLine(this);
        marked_->setPen(QPen(palette().color(QPalette::Highlight), 1));
        marked_->setSelectable(false);
        for (QCPItemPosition* end : {marked_->point1, marked_->point2}) end->setTypeY(QCPItemPosition::ptAxisRectRatio);
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

std::vector<PlotView::Point> PlotView::allPoints() const {
    std::vector<Point> points;
    for (QCPAbstractPlottable* series : mPlottables) {
        const QCPPlottableInterface1D* const data = series->interface1D();
        for (int at = 0; data != nullptr && at < data->dataCount(); ++at)
            points.push_back({series, data->dataMainKey(at), data->dataMainValue(at)});
    }
    return points;
}

Table PlotView::table(bool visibleOnly) const {
    struct Row {
        std::string series;
        double x, y;
    };
    auto rows = std::make_shared<std::vector<Row>>();
    for (const Point& point : allPoints())
        if (!visibleOnly || point.series->keyAxis()->range().contains(point.x))
            rows->push_back({point.series->name().toStdString(), point.x, point.y});
    return {{"series", columnName(xAxis->label(), "x"), columnName(yAxis->label(), "y")},
            rows->size(),
            [rows](std::size_t at, std::vector<TableCell>& cells) {
                const Row& row = (*rows)[at];
                cells[0] = row.series;
                cells[1] = row.x;
                if (!std::isnan(row.y)) cells[2] = row.y;
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
