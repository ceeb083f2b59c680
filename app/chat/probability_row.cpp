#include "chat/probability_row.h"

#include <QLocale>
#include <QPainter>
#include <algorithm>

#include "chat/labels.h"

namespace ternion::app {

QString percent(double probability) {
    constexpr double least = 0.001;
    const bool tiny = probability > 0.0 && probability < least;
    return (tiny ? "< " : "") + QLocale().toString((tiny ? least : probability) * 100.0, 'f', 1) + " %";
}

void paintProbabilityRow(QPainter& painter, const QRect& rect, const QString& token, double probability, bool strong,
                         const QPalette& palette) {
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    QFont font = painter.font();
    font.setBold(strong);
    painter.setFont(font);
    painter.setPen(palette.color(QPalette::Text));
    const int numberWidth = painter.fontMetrics().horizontalAdvance("100.0 %");
    const QRect inner = rect.adjusted(grid, 0, -grid, 0);
    const int tokenWidth = inner.width() * 2 / 5;
    painter.drawText(QRect(inner.left(), inner.top(), tokenWidth - grid, inner.height()), Qt::AlignVCenter | Qt::AlignLeft,
                     painter.fontMetrics().elidedText(token, Qt::ElideRight, tokenWidth - grid));
    painter.drawText(inner, Qt::AlignVCenter | Qt::AlignRight, percent(probability));
    QRectF bar(inner.left() + tokenWidth, inner.top() + (inner.height() - grid) / 2.0,
               inner.width() - tokenWidth - numberWidth - grid, grid);
    painter.setPen(Qt::NoPen);
    painter.setBrush(palette.color(QPalette::Mid));
    painter.drawRoundedRect(bar, grid / 2.0, grid / 2.0);
    bar.setWidth(std::max(2.0, bar.width() * probability));
    painter.setBrush(palette.color(QPalette::Highlight));
    painter.drawRoundedRect(bar, std::min(grid / 2.0, bar.width() / 2), grid / 2.0);
    painter.restore();
}

}  // namespace ternion::app
