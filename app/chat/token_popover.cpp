#include "chat/token_popover.h"

#include <QAbstractButton>
#include <QGraphicsDropShadowEffect>
#include <QKeyEvent>
#include <QPainter>
#include <QVBoxLayout>
#include <algorithm>

#include "chat/labels.h"
#include "chat/probability_row.h"

namespace ternion::app {
namespace {

constexpr int popoverWidth = 38 * grid;

/// A row of the list: the token, a bar as long as its probability, the number.
class AlternativeRow : public QAbstractButton {
public:
    AlternativeRow(const QString& token, double probability, bool current) : probability_(probability), current_(current) {
        setText(token);
        setObjectName("alternative");
        setAccessibleName(TokenPopover::tr("%1, probability %2").arg(token, percent(probability)));
        setFocusPolicy(Qt::StrongFocus);
        setAttribute(Qt::WA_Hover);
        setMinimumHeight(fontMetrics().height() + grid);
    }

protected:
    void keyPressEvent(QKeyEvent* event) override {
        // A button would let the arrows leave the list; the popover walks them.
        if (event->key() == Qt::Key_Up || event->key() == Qt::Key_Down)
            event->ignore();
        else
            QAbstractButton::keyPressEvent(event);
    }
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        if (hasFocus() || (underMouse() && isEnabled())) {
            QColor soft = palette().color(QPalette::Highlight);
            soft.setAlpha(hasFocus() ? 56 : 28);
            painter.setPen(Qt::NoPen);
            painter.setBrush(soft);
            painter.drawRoundedRect(rect(), 4, 4);
        }
        paintProbabilityRow(painter, rect(), text(), probability_, current_, palette());
    }

private:
    double probability_;
    bool current_;
};

}  // namespace

QString visibleToken(const Tokenizer& tokenizer, TokenId id) {
    if (tokenizer.isSpecial(id)) return QString::fromStdString(tokenizer.piece(id));
    QString text = QString::fromStdString(tokenizer.decode({&id, 1}));
    QString piece = QString::fromStdString(tokenizer.piece(id));
    const bool byte = text.isEmpty() || text.contains(QChar::ReplacementCharacter);
    if (byte && piece != QString(QChar(0x2581))) return piece;
    const bool spaceDropped = piece.startsWith(QChar(0x2581)) && !text.startsWith(' ');
    if (spaceDropped) text.prepend(' ');
    return text.replace(' ', QChar(0x2423)).replace('\n', QChar(0x23ce)).replace('\t', QChar(0x21e5));
}

TokenPopover::TokenPopover(QWidget* parent) : QFrame(parent), column_(new QVBoxLayout(this)) {
    setObjectName("tokenPopover");
    setAccessibleName(tr("Alternatives of a token"));
    setProperty("overlay", true);
    auto* shadow = new QGraphicsDropShadowEffect(this);
    shadow->setBlurRadius(3 * grid);
    shadow->setOffset(0.0, grid / 2.0);
    QColor soft = palette().color(QPalette::Shadow);
    soft.setAlpha(72);
    shadow->setColor(soft);
    setGraphicsEffect(shadow);
    column_->setContentsMargins(grid, grid, grid, grid);
    column_->setSpacing(0);
    hide();
}

void TokenPopover::show(const StoredToken& token, const std::shared_ptr<const Tokenizer>& tokenizer, const QRect& anchor,
                        bool canContinue) {
    qDeleteAll(findChildren<QWidget*>(QString(), Qt::FindDirectChildrenOnly));
    const auto spelled = [&](TokenId id) { return tokenizer ? visibleToken(*tokenizer, id) : QString("#%1").arg(id); };
    auto* title = makeLabel(tr("%1   probability %2").arg(spelled(token.id), percent(token.probability)), "", false);
    title->setObjectName("tokenTitle");
    title->setContentsMargins(grid, 0, grid, grid / 2);
    column_->addWidget(title);
    QWidget* focused = this;
    for (const auto& other : token.alternatives) {
        auto* row = new AlternativeRow(spelled(other.id), other.probability, other.id == token.id);
        row->setEnabled(canContinue);
        connect(row, &QAbstractButton::clicked, this, [this, id = other.id] {
            close();
            emit chosen(id);
        });
        column_->addWidget(row);
        if (canContinue && (other.id == token.id || focused == this)) focused = row;
    }
    const QString hint = token.alternatives.empty() ? tr("No alternatives were kept for this token.")
                         : canContinue              ? tr("Choose one, and the model goes on from it. What follows is dropped.")
                                                    : tr("When the answer is finished, you can go on from another one.");
    auto* footer = makeLabel(hint, "small", true);
    footer->setWordWrap(true);
    footer->setContentsMargins(grid, grid / 2, grid, 0);
    column_->addWidget(footer);
    setFixedWidth(std::min(popoverWidth, parentWidget()->width() - 2 * grid));
    column_->activate();
    const int needed = column_->hasHeightForWidth() ? column_->totalHeightForWidth(width()) : sizeHint().height();
    resize(width(), needed);
    const QRect space = parentWidget()->rect().adjusted(grid, grid, -grid, -grid);
    const bool below = anchor.bottom() + grid / 2 + height() <= space.bottom() || anchor.top() - height() < space.top();
    const int y = below ? anchor.bottom() + grid / 2 : anchor.top() - grid / 2 - height();
    const int x = std::clamp(anchor.left() - grid, space.left(), std::max(space.left(), space.right() - width()));
    move(x, std::clamp(y, space.top(), std::max(space.top(), space.bottom() - height())));
    QFrame::show();
    raise();
    setFocusPolicy(Qt::StrongFocus);
    focused->setFocus();
}

void TokenPopover::close() {
    hide();
    emit closed();
}

void TokenPopover::moveFocus(int by) {
    const auto rows = findChildren<QAbstractButton*>("alternative");
    const auto at = rows.indexOf(qobject_cast<QAbstractButton*>(focusWidget())) + by;
    if (at >= 0 && at < rows.size()) rows[at]->setFocus();
}

bool TokenPopover::event(QEvent* event) {
    // Esc closes it, also where the window has a shortcut for Esc.
    if (event->type() == QEvent::ShortcutOverride && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape) event->accept();
    return QFrame::event(event);
}

void TokenPopover::keyPressEvent(QKeyEvent* event) {
    switch (event->key()) {
        case Qt::Key_Escape:
            return close();
        case Qt::Key_Down:
            return moveFocus(1);
        case Qt::Key_Up:
            return moveFocus(-1);
        case Qt::Key_Return:
        case Qt::Key_Enter:
            if (auto* row = qobject_cast<QAbstractButton*>(focusWidget())) row->click();
            return;
        default:
            QFrame::keyPressEvent(event);
    }
}

}  // namespace ternion::app
