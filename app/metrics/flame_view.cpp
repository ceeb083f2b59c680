#include "metrics/flame_view.h"

#include <QKeyEvent>
#include <QLocale>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>
#include <memory>

#include "chat/labels.h"
#include "metrics/run_kernels.h"
#include "shell/format.h"

namespace ternion::app {
namespace {

constexpr int rows = 3;  // of a pass
constexpr int layerAlpha = 110;
constexpr double leastLabel = 3.0 * grid;

/// Black or white, whichever is read better on `color`.
QColor inkOn(const QColor& color) {
    constexpr int middle = 140;
    return qGray(color.rgb()) > middle ? Qt::black : Qt::white;
}

}  // namespace

QString layerName(int layer) {
    return layer < 0 ? QCoreApplication::translate("FlameView", "outside") : QString::number(layer);
}

FlameView::FlameView(const QString& name, QWidget* parent) : QWidget(parent) {
    setObjectName(name);
    setAccessibleName(name);
    setProperty("textSize", "small");
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
}

void FlameView::setPasses(std::vector<Pass> passes, std::map<std::string, QColor> colors) {
    passes_ = std::move(passes);
    colors_ = std::move(colors);
    const auto has = [this](const Pass& pass) { return secondsOf(pass, layer_) > 0; };
    if (layer_ && std::none_of(passes_.begin(), passes_.end(), has)) showLayer(std::nullopt);
    const int row = fontMetrics().height() + grid;
    setMinimumHeight(static_cast<int>(passes_.size()) * (rows * row + grid) + grid);
    update();
}

void FlameView::showLayer(std::optional<int> layer) {
    if (layer == layer_) return;
    layer_ = layer;
    update();
    emit layerChanged();
}

std::vector<int> FlameView::layersOf(const Pass& pass) const {
    std::vector<int> layers;  // in the order of the pass
    for (const KernelTime& kernel : pass.kernels)
        if (std::find(layers.begin(), layers.end(), kernel.layer) == layers.end()) layers.push_back(kernel.layer);
    return layers;
}

double FlameView::secondsOf(const Pass& pass, std::optional<int> layer) const {
    double seconds = 0;
    for (const KernelTime& kernel : pass.kernels)
        if (!layer || kernel.layer == *layer) seconds += kernel.seconds;
    return seconds;
}

std::vector<FlameView::Box> FlameView::boxesFor(const QSize& size) const {
    double longest = 0;
    for (const Pass& pass : passes_) longest = std::max(longest, secondsOf(pass, layer_));
    std::vector<Box> boxes;
    if (!(longest > 0)) return boxes;
    const double row = std::min<double>((size.height() - grid) / static_cast<double>(passes_.size()) - grid,
                                        rows * (fontMetrics().height() + 2.0 * grid)) /
                       rows;
    for (std::size_t pass = 0; pass < passes_.size(); ++pass)
        addBoxes(pass, (size.width() - 2 * grid) / longest, grid + static_cast<double>(pass) * (rows * row + grid), row, boxes);
    return boxes;
}

void FlameView::addBoxes(std::size_t pass, double pixelsASecond, double y, double row, std::vector<Box>& boxes) const {
    const Pass& of = passes_[pass];
    const double all = secondsOf(of, layer_);
    boxes.push_back({Box::Kind::Pass, pass, -1, 0, secondsOf(of, std::nullopt), {grid, y, all * pixelsASecond, row}});
    double x = grid;
    for (const int layer : layersOf(of)) {
        if (layer_ && layer != *layer_) continue;
        const double seconds = secondsOf(of, layer);
        boxes.push_back({Box::Kind::Layer, pass, layer, 0, seconds, {x, y + row, seconds * pixelsASecond, row}});
        for (std::size_t k = 0; k < of.kernels.size(); ++k) {
            const KernelTime& kernel = of.kernels[k];
            if (kernel.layer != layer) continue;
            const double width = kernel.seconds * pixelsASecond;
            boxes.push_back({Box::Kind::Kernel, pass, layer, k, kernel.seconds, {x, y + 2 * row, width, row}});
            x += width;
        }
    }
}

QString FlameView::nameOf(const Box& box) const {
    const TimeUnit unit = timeUnitFor(box.seconds);
    const QString time = QStringLiteral("%1 %2").arg(QLocale().toString(box.seconds * unit.factor, 'g', 4), unit.name);
    if (box.kind == Box::Kind::Pass) return QStringLiteral("%1 · %2").arg(passes_[box.pass].name, time);
    if (box.kind == Box::Kind::Kernel) return QString::fromStdString(passes_[box.pass].kernels[box.kernel].kernel);
    return layer_ ? tr("Layer %1 · %2").arg(layerName(box.layer), time) : layerName(box.layer);
}

QString FlameView::describe(const Box& box) const {
    const Pass& pass = passes_[box.pass];
    const TimeUnit unit = timeUnitFor(box.seconds);
    std::uint64_t bytes = 0;
    for (std::size_t k = 0; k < pass.kernels.size(); ++k)
        if (box.kind == Box::Kind::Pass || (box.kind == Box::Kind::Layer && pass.kernels[k].layer == box.layer) ||
            (box.kind == Box::Kind::Kernel && k == box.kernel))
            bytes += pass.kernels[k].weightBytes;
    QStringList lines{pass.name};
    if (box.kind != Box::Kind::Pass) lines << tr("Layer: %1").arg(layerName(box.layer));
    if (box.kind == Box::Kind::Kernel) lines << tr("Kernel: %1").arg(QString::fromStdString(pass.kernels[box.kernel].kernel));
    lines << tr("Time: %1 %2, %3 of the pass")
                 .arg(QLocale().toString(box.seconds * unit.factor, 'g', 4), unit.name,
                      formatPercent(box.seconds / secondsOf(pass, std::nullopt)));
    lines << (bytes == 0 ? tr("Reads no weights")
                         : tr("Reads %1 of weights: %2 a second")
                               .arg(formatBytes(bytes),
                                    formatBytes(static_cast<std::uint64_t>(static_cast<double>(bytes) / box.seconds))));
    return lines.join(QLatin1Char('\n'));
}

QString FlameView::describe(const QPoint& at) const {
    for (const Box& box : boxesFor(size()))
        if (box.rect.contains(at)) return describe(box);
    return {};
}

QRect FlameView::rectOf(std::size_t pass, std::size_t kernel) const {
    for (const Box& box : boxesFor(size()))
        if (box.kind == Box::Kind::Kernel && box.pass == pass && box.kernel == kernel) return box.rect.toRect();
    return {};
}

QRect FlameView::rectOfLayer(std::size_t pass, int layer) const {
    for (const Box& box : boxesFor(size()))
        if (box.kind == Box::Kind::Layer && box.pass == pass && box.layer == layer) return box.rect.toRect();
    return {};
}

void FlameView::paintPicture(QPainter& painter, const QSize& size) {
    const QColor base = palette().color(QPalette::Base);
    painter.fillRect(QRect(QPoint(), size), base);
    painter.setFont(font());
    for (const Box& box : boxesFor(size)) {
        QColor fill = palette().color(QPalette::Mid);
        if (box.kind == Box::Kind::Kernel) {
            const auto color = colors_.find(passes_[box.pass].kernels[box.kernel].kernel);
            if (color != colors_.end()) fill = color->second;
        } else if (box.kind == Box::Kind::Layer) {
            fill.setAlpha(layerAlpha);
        }
        painter.fillRect(box.rect, fill);
        painter.setPen(base);
        if (box.rect.width() > 2) painter.drawRect(box.rect);
        const QRectF inside = box.rect.adjusted(grid / 2.0, 0, -grid / 2.0, 0);
        if (inside.width() < leastLabel) continue;
        const QString name = painter.fontMetrics().elidedText(nameOf(box), Qt::ElideRight, static_cast<int>(inside.width()));
        painter.setPen(box.kind == Box::Kind::Kernel ? inkOn(fill) : palette().color(QPalette::Text));
        painter.drawText(inside, Qt::AlignVCenter | Qt::AlignLeft, name);
    }
}

Table FlameView::table(bool visibleOnly) const {
    struct Row {
        std::string run;
        KernelTime kernel;
        double share;
    };
    auto all = std::make_shared<std::vector<Row>>();
    for (const Pass& pass : passes_) {
        const double seconds = secondsOf(pass, std::nullopt);
        for (const KernelTime& kernel : pass.kernels)
            if (!visibleOnly || !layer_ || kernel.layer == *layer_)
                all->push_back({pass.name.toStdString(), kernel, kernel.seconds / seconds});
    }
    return {{"run", "layer", "kernel", "seconds", "share", "weight_bytes", "weight_bytes_per_second"},
            all->size(),
            [all](std::size_t at, std::vector<TableCell>& cells) {
                const auto& [run, kernel, share] = (*all)[at];
                cells[0] = run;
                cells[1] = std::int64_t{kernel.layer};
                cells[2] = kernel.kernel;
                cells[3] = kernel.seconds;
                cells[4] = share;
                cells[5] = static_cast<std::int64_t>(kernel.weightBytes);
                if (kernel.weightBytes > 0) cells[6] = static_cast<double>(kernel.weightBytes) / kernel.seconds;
            }};
}

void FlameView::paintEvent(QPaintEvent* /*event*/) {
    QPainter painter(this);
    paintPicture(painter, size());
    if (!hasFocus()) return;
    painter.setPen(palette().color(QPalette::Highlight));
    painter.drawRect(rect().adjusted(0, 0, -1, -1));
}

void FlameView::mouseMoveEvent(QMouseEvent* event) {
    const QString text = describe(event->position().toPoint());
    if (text.isEmpty()) return QToolTip::hideText();
    QToolTip::showText(event->globalPosition().toPoint(), text, this);
}

void FlameView::mouseReleaseEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) return;
    for (const Box& box : boxesFor(size()))
        if (box.rect.contains(event->position()))
            return showLayer(box.kind == Box::Kind::Pass ? std::nullopt : std::optional(box.layer));
}

bool FlameView::event(QEvent* event) {
    // Ours while a layer is shown alone, also where the window has a shortcut for it.
    if (event->type() == QEvent::ShortcutOverride && layer_ && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape)
        event->accept();
    return QWidget::event(event);
}

void FlameView::keyPressEvent(QKeyEvent* event) {
    const auto layers = passes_.empty() ? std::vector<int>() : layersOf(passes_.front());
    const auto now = layer_ ? std::find(layers.begin(), layers.end(), *layer_) : layers.end();
    if (event->key() == Qt::Key_Escape && layer_) return showLayer(std::nullopt);
    if (event->key() == Qt::Key_Return && !layer_ && !layers.empty()) return showLayer(layers.front());
    if (event->key() == Qt::Key_Left && now != layers.end() && now != layers.begin()) return showLayer(*std::prev(now));
    if (event->key() == Qt::Key_Right && now != layers.end() && std::next(now) != layers.end())
        return showLayer(*std::next(now));
    QWidget::keyPressEvent(event);
}

}  // namespace ternion::app
