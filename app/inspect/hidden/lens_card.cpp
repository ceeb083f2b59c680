#include "inspect/hidden/lens_card.h"

#include <QLocale>
#include <QPainter>
#include <cmath>

#include "chat/labels.h"
#include "chat/probability_row.h"
#include "chat/token_popover.h"

namespace ternion::app {

QString describeActual(const LensCell& cell, const Tokenizer& tokenizer) {
    if (cell.actual < 0) return {};
    return LensCard::tr("next: “%1”, rank %2, %3")
        .arg(visibleToken(tokenizer, cell.actual), QLocale().toString(cell.actualRank), percent(cell.actualProbability));
}

LensCard::LensCard(const QString& name, QWidget* parent) : QWidget(parent) {
    setObjectName(name);
    setProperty("textSize", "small");
}

void LensCard::setCell(const QString& title, std::shared_ptr<const LensCell> cell, std::shared_ptr<const Tokenizer> tokenizer) {
    title_ = title;
    cell_ = std::move(cell);
    tokenizer_ = std::move(tokenizer);
    QString spoken;
    if (cell_)
        for (const TokenProbability& token : cell_->top)
            spoken += QStringLiteral("%1 %2\n").arg(visibleToken(*tokenizer_, token.id), percent(token.probability));
    setAccessibleName(title);
    setAccessibleDescription(cell_ ? spoken + describeActual(*cell_, *tokenizer_) : QString());
    update();
}

int LensCard::rowHeight() const { return fontMetrics().height() + grid / 2; }

QSize LensCard::sizeHint() const { return {32 * grid, rowHeight() * 8}; }

void LensCard::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    paintInto(painter, size());
}

void LensCard::paintInto(QPainter& painter, const QSize& size) const {
    painter.setFont(font());
    const int line = rowHeight();
    QRect row(0, 0, size.width(), line);
    const auto write = [&](const QString& what, QPalette::ColorRole role) {
        painter.setPen(palette().color(role));
        painter.drawText(row.adjusted(grid, 0, -grid, 0), Qt::AlignLeft | Qt::AlignVCenter,
                         fontMetrics().elidedText(what, Qt::ElideRight, row.width() - 2 * grid));
        row.translate(0, line);
    };
    write(title_, QPalette::Text);
    if (!cell_) return;
    const QString actual = describeActual(*cell_, *tokenizer_);
    write(actual.isEmpty() ? tr("nothing comes next yet") : actual, QPalette::PlaceholderText);
    if (!std::isnan(cell_->divergence))
        write(tr("KL to the output: %1 nats").arg(QLocale().toString(cell_->divergence, 'f', 3)), QPalette::PlaceholderText);
    for (const TokenProbability& token : cell_->top) {
        if (row.bottom() >= size.height()) break;
        paintProbabilityRow(painter, row, visibleToken(*tokenizer_, token.id), token.probability, token.id == cell_->actual,
                            palette());
        row.translate(0, line);
    }
}

}  // namespace ternion::app
