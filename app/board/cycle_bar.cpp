#include "board/cycle_bar.h"

#include <QPainter>
#include <QPainterPath>
#include <algorithm>

#include "shell/format.h"
#include "views/plot_view.h"

namespace ternion::app {
namespace {

constexpr int barHeight = 16;
constexpr int gap = 8;
constexpr int swatch = 12;
constexpr double radius = 4;

}  // namespace

CycleParts partsOf(const CycleCounts& counts) {
    const auto rest = [](std::uint64_t all, std::uint64_t part) { return all - std::min(all, part); };
    CycleParts parts{counts.array, counts.streamStalls, counts.drainStalls};
    parts.around = rest(counts.matVec, parts.array + parts.memory + parts.drain);
    parts.others = rest(counts.total, counts.matVec);
    return parts;
}

CycleBar::CycleBar(QWidget* parent) : QWidget(parent) {
    setObjectName("cycleBar");
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void CycleBar::setCounts(const CycleCounts& counts) {
    const CycleParts parts = partsOf(counts);
    const auto all = static_cast<double>(std::max<std::uint64_t>(counts.total, 1));
    const auto share = [&](std::uint64_t cycles) { return static_cast<double>(cycles) / all; };
    parts_ = {Part{tr("Array works"), share(parts.array)}, Part{tr("Waits for memory"), share(parts.memory)},
              Part{tr("Waits for its results to leave"), share(parts.drain)},
              Part{tr("A product begins or ends"), share(parts.around)}, Part{tr("Norms, gates, state"), share(parts.others)}};
    simulated_ = counts.simulated;
    QStringList lines;
    for (const Part& part : parts_) lines << QStringLiteral("%1: %2").arg(part.name, formatPercent(part.share));
    const QString title = simulated_ ? tr("Where the cycles of a token go (modelled)") : tr("Where the cycles of a token go");
    setAccessibleName(title);
    setAccessibleDescription(lines.join(QStringLiteral(", ")));
    setToolTip(title);
    update();
}

int CycleBar::lineHeight() const { return fontMetrics().height() + 2; }

QSize CycleBar::sizeHint() const { return {160, barHeight + gap + partCount * lineHeight()}; }

void CycleBar::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QColor text = palette().color(QPalette::WindowText);
    const auto fill = [&](const QRectF& area, int part) {
        const QColor color = PlotView::seriesColor(part);
        painter.fillRect(area, simulated_ ? QBrush(color, Qt::BDiagPattern) : QBrush(color));
        if (!simulated_) return;
        painter.setPen(QPen(color, 1));  // hatching alone has no edge
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5));
    };
    QPainterPath frame;
    frame.addRoundedRect(QRectF(0, 0, width(), barHeight), radius, radius);
    painter.save();
    painter.setClipPath(frame);
    double x = 0;
    for (int k = 0; k < partCount; ++k) {
        const double wide = parts_[static_cast<std::size_t>(k)].share * width();
        if (wide > 0) fill(QRectF(x, 0, wide, barHeight), k);
        x += wide;
    }
    painter.restore();
    int y = barHeight + gap;
    for (int k = 0; k < partCount; ++k, y += lineHeight()) {
        const Part& part = parts_[static_cast<std::size_t>(k)];
        fill(QRectF(0, y + (lineHeight() - swatch) / 2.0, swatch, swatch), k);
        painter.setPen(text);
        const QRect line(swatch + gap, y, width() - swatch - gap, lineHeight());
        const QString share = formatPercent(part.share);
        painter.drawText(line, Qt::AlignRight | Qt::AlignVCenter, share);
        const int room = line.width() - fontMetrics().horizontalAdvance(share) - gap;
        painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter, fontMetrics().elidedText(part.name, Qt::ElideRight, room));
    }
}

}  // namespace ternion::app
