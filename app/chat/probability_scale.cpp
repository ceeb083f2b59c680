#include "chat/probability_scale.h"

#include <QPainter>
#include <algorithm>
#include <array>
#include <cmath>

#include "chat/labels.h"

namespace ternion::app {

QColor probabilityColor(double probability) {
    // Nine even samples of matplotlib's cividis (Nuñez, Anderton and Renslow 2018), linear between them.
    static constexpr std::array<std::array<int, 3>, 9> samples{{{0, 34, 78},
                                                                {23, 51, 111},
                                                                {60, 76, 109},
                                                                {91, 99, 112},
                                                                {124, 123, 120},
                                                                {154, 148, 119},
                                                                {188, 174, 108},
                                                                {223, 203, 86},
                                                                {254, 232, 56}}};
    const double at = std::clamp(probability, 0.0, 1.0) * (samples.size() - 1);
    const auto low = std::min(static_cast<std::size_t>(at), samples.size() - 2);
    const double rest = at - static_cast<double>(low);
    const auto mix = [&](int channel) {
        return static_cast<int>(std::lround(samples[low][channel] * (1 - rest) + samples[low + 1][channel] * rest));
    };
    return {mix(0), mix(1), mix(2)};
}

QColor probabilityTint(double probability, const QColor& background) {
    QColor color = probabilityColor(probability);
    constexpr int middle = 128;
    color.setAlphaF(background.lightness() < middle ? 0.36F : 0.5F);  // 4.5:1 or more for the text of either theme
    return color;
}

ProbabilityScale::ProbabilityScale(QWidget* parent) : QWidget(parent) {
    setObjectName("probabilityScale");
    setAccessibleName(tr("Scale of probabilities"));
    setAccessibleDescription(tr("Dark blue is probability 0, yellow is 1"));
    setProperty("textSize", "small");
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

QSize ProbabilityScale::sizeHint() const {
    return {fontMetrics().horizontalAdvance(tr("Token probability  0%  100%")) + 20 * grid, fontMetrics().height() + grid};
}

void ProbabilityScale::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setPen(palette().color(QPalette::WindowText));
    const QFontMetrics metrics = painter.fontMetrics();
    const QString left = tr("Token probability  0%");
    const QString right = tr("100%");
    painter.drawText(rect(), Qt::AlignLeft | Qt::AlignVCenter, left);
    painter.drawText(rect(), Qt::AlignRight | Qt::AlignVCenter, right);
    const int from = metrics.horizontalAdvance(left) + grid;
    const int to = width() - metrics.horizontalAdvance(right) - grid;
    const QRect bar(from, (height() - grid) / 2, to - from, grid);
    painter.fillRect(bar, palette().color(QPalette::Base));
    QLinearGradient gradient(bar.topLeft(), bar.topRight());
    constexpr int steps = 16;
    for (int k = 0; k <= steps; ++k)
        gradient.setColorAt(k / double(steps), probabilityTint(k / double(steps), palette().color(QPalette::Base)));
    painter.fillRect(bar, gradient);
}

}  // namespace ternion::app
