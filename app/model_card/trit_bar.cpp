#include "model_card/trit_bar.h"

#include <QLocale>
#include <QPainter>
#include <QPainterPath>
#include <array>

#include "shell/colors.h"
#include "shell/format.h"

namespace ternion::app {
namespace {

constexpr int barHeight = 16;
constexpr int gap = 8;

struct Share {
    int trit;
    QString sign;
    double part;
};

std::array<Share, 3> shares(const TritCounts& counts) {
    const auto all = static_cast<double>(counts.minus + counts.zero + counts.plus);
    const auto part = [&](std::int64_t count) { return all > 0 ? static_cast<double>(count) / all : 0.0; };
    return {Share{-1, QStringLiteral("−1"), part(counts.minus)}, Share{0, QStringLiteral("0"), part(counts.zero)},
            Share{1, QStringLiteral("+1"), part(counts.plus)}};
}

}  // namespace

TritBar::TritBar(QWidget* parent) : QWidget(parent) {
    setObjectName("tritBar");
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void TritBar::setCounts(const TritCounts& counts) {
    counts_ = counts;
    setAccessibleName(tr("Trits: %1 minus one, %2 zero, %3 plus one")
                          .arg(formatCount(counts.minus), formatCount(counts.zero), formatCount(counts.plus)));
    setToolTip(accessibleName());
    update();
}

QSize TritBar::sizeHint() const { return {160, barHeight + gap + fontMetrics().height()}; }

void TritBar::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    QPainterPath frame;
    frame.addRoundedRect(QRectF(0, 0, width(), barHeight), 4, 4);
    const auto all = shares(counts_);
    painter.save();
    painter.setClipPath(frame);
    double x = 0;
    for (const Share& share : all) {
        const double wide = share.part * width();
        painter.fillRect(QRectF(x, 0, wide - (share.trit < 1 ? 1 : 0), barHeight), tritColor(share.trit));
        x += wide;
    }
    painter.restore();
    // The legend stands at thirds, not under its part: a part may be too thin for its words.
    const int third = width() / 3;
    const int line = fontMetrics().height();
    for (int i = 0; i < 3; ++i) {
        const int left = i * third;
        painter.setPen(Qt::NoPen);
        painter.setBrush(tritColor(all[i].trit));
        painter.drawRoundedRect(QRectF(left, barHeight + gap + (line - 8) / 2.0, 8, 8), 2, 2);
        painter.setPen(palette().color(QPalette::WindowText));
        painter.drawText(QRect(left + 12, barHeight + gap, third - 12, line), Qt::AlignLeft | Qt::AlignVCenter,
                         tr("%1  %2 %").arg(all[i].sign, QLocale().toString(all[i].part * 100, 'f', 1)));
    }
}

}  // namespace ternion::app
