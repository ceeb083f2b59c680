#include "chat/probability_scale.h"

#include <QPainter>
#include <array>

#include "chat/labels.h"
#include "shell/colors.h"

namespace ternion::app {

QColor probabilityColor(double probability) {
    // Nine even samples of matplotlib's cividis (Nuñez, Anderton and Renslow 2018).
    static constexpr std::array<QRgb, 9> samples{0x00224e, 0x17336f, 0x3c4c6d, 0x5b6370, 0x7c7b78,
                                                 0x9a9477, 0xbcae6c, 0xdfcb56, 0xfee838};
    return colorAlong(samples, probability);
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
