#include "inspect/scrubber/token_strip.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QLocale>
#include <QPainter>
#include <QToolTip>
#include <QWheelEvent>
#include <algorithm>
#include <cmath>

#include "chat/labels.h"

namespace ternion::app {
namespace {

constexpr int barHeight = 5 * grid;
constexpr int padding = grid / 2;
constexpr int narrowest = 2 * grid;
constexpr int widest = 14 * grid;

}  // namespace

TokenStrip::TokenStrip(QWidget* parent) : QWidget(parent) {
    setObjectName("tokenStrip");
    setAccessibleName(tr("Tokens of the conversation"));
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

QSize TokenStrip::sizeHint() const { return {80 * grid, barHeight + fontMetrics().height() + 3 * padding}; }

void TokenStrip::setTokens(std::vector<Token> tokens, std::vector<double> change) {
    tokens_ = std::move(tokens);
    change_ = std::move(change);
    largest_ = 0.0;
    // What begins the text changes a state of nothing: all others would be small beside it.
    for (std::size_t k = 1; k < change_.size(); ++k)
        if (std::isfinite(change_[k])) largest_ = std::max(largest_, change_[k]);
    measure();
    setCurrent(current_);
}

void TokenStrip::setCurrent(int token) {
    current_ = std::clamp(token, -1, static_cast<int>(tokens_.size()) - 1);
    reveal();
    update();
}

QRect TokenStrip::tokenRect(int token) const {
    if (token < 0 || token >= static_cast<int>(tokens_.size())) return {};
    const auto at = static_cast<std::size_t>(token);
    return {left_[at] - offset_, 0, left_[at + 1] - left_[at], height()};
}

void TokenStrip::measure() {
    left_.assign(1, 0);
    const QFontMetrics metrics = fontMetrics();
    for (const Token& token : tokens_)
        left_.push_back(left_.back() + std::clamp(metrics.horizontalAdvance(token.text) + 2 * padding, narrowest, widest));
}

void TokenStrip::reveal() {
    const int end = left_.empty() ? 0 : left_.back();
    if (current_ >= 0) {
        const auto at = static_cast<std::size_t>(current_);
        const int margin = std::min(width() / 4, 20 * grid);
        offset_ = std::min(offset_, left_[at] - margin);
        offset_ = std::max(offset_, left_[at + 1] + margin - width());
    }
    offset_ = std::clamp(offset_, 0, std::max(0, end - width()));
}

int TokenStrip::tokenAt(int x) const {
    if (tokens_.empty()) return -1;
    const auto after = std::upper_bound(left_.begin(), left_.end(), x + offset_);
    return std::clamp(static_cast<int>(after - left_.begin()) - 1, 0, static_cast<int>(tokens_.size()) - 1);
}

void TokenStrip::moveTo(int token) {
    if (tokens_.empty()) return;
    token = std::clamp(token, 0, static_cast<int>(tokens_.size()) - 1);
    if (token == current_) return;
    setCurrent(token);
    emit moved(token);
}

void TokenStrip::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), palette().base());
    if (tokens_.empty()) return;
    const int textTop = barHeight + padding;
    for (int k = tokenAt(0); k < static_cast<int>(tokens_.size()); ++k) {
        const QRect box = tokenRect(k);
        if (box.left() > width()) break;
        const Token& token = tokens_[static_cast<std::size_t>(k)];
        if (k == current_) {
            QColor soft = palette().color(QPalette::Highlight);
            soft.setAlpha(50);
            painter.fillRect(box, soft);
        }
        const double change =
            static_cast<std::size_t>(k) < change_.size() ? change_[static_cast<std::size_t>(k)] : std::nan("");
        if (std::isfinite(change) && largest_ > 0.0) {
            const int high = static_cast<int>(std::lround(std::min(change / largest_, 1.0) * (barHeight - 2)));
            const QRect bar(box.left() + 1, barHeight - high, box.width() - 2, high);
            painter.fillRect(bar, palette().color(token.ofAnswer ? QPalette::Highlight : QPalette::Mid));
        }
        painter.setPen(palette().color(token.ofAnswer ? QPalette::Text : QPalette::PlaceholderText));
        painter.drawText(QRect(box.left() + padding, textTop, box.width() - 2 * padding, fontMetrics().height()),
                         Qt::AlignCenter, fontMetrics().elidedText(token.text, Qt::ElideRight, box.width() - padding));
        painter.setPen(palette().color(QPalette::Mid));
        painter.drawLine(box.left(), barHeight, box.right(), barHeight);
    }
    if (current_ >= 0) {
        const QRect box = tokenRect(current_).adjusted(0, 0, -1, -1);
        painter.setPen(QPen(palette().color(QPalette::Highlight), hasFocus() ? 2 : 1));
        painter.drawRect(box.adjusted(hasFocus() ? 1 : 0, hasFocus() ? 1 : 0, 0, 0));
    }
}

void TokenStrip::mousePressEvent(QMouseEvent* event) {
    if (event->button() == Qt::LeftButton) moveTo(tokenAt(static_cast<int>(event->position().x())));
}

void TokenStrip::mouseMoveEvent(QMouseEvent* event) {
    if (event->buttons().testFlag(Qt::LeftButton)) moveTo(tokenAt(static_cast<int>(event->position().x())));
}

void TokenStrip::wheelEvent(QWheelEvent* event) {
    const QPoint turned = event->angleDelta();
    offset_ -= turned.x() != 0 ? turned.x() : turned.y();
    offset_ = std::clamp(offset_, 0, std::max(0, (left_.empty() ? 0 : left_.back()) - width()));
    update();
    event->accept();
}

void TokenStrip::keyPressEvent(QKeyEvent* event) {
    switch (event->key()) {
        case Qt::Key_Left:
            return moveTo(current_ - 1);
        case Qt::Key_Right:
            return moveTo(current_ + 1);
        case Qt::Key_PageUp:
            return moveTo(current_ - 10);
        case Qt::Key_PageDown:
            return moveTo(current_ + 10);
        case Qt::Key_Home:
            return moveTo(0);
        case Qt::Key_End:
            return moveTo(static_cast<int>(tokens_.size()) - 1);
        default:
            QWidget::keyPressEvent(event);
    }
}

void TokenStrip::resizeEvent(QResizeEvent*) { reveal(); }

bool TokenStrip::event(QEvent* event) {
    if (event->type() == QEvent::FontChange) {
        measure();
        updateGeometry();
    }
    if (event->type() != QEvent::ToolTip || tokens_.empty()) return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const auto k = static_cast<std::size_t>(tokenAt(help->pos().x()));
    const QString change = k < change_.size() && std::isfinite(change_[k])
                               ? tr(": changes the state by %1 %").arg(QLocale().toString(change_[k] * 100, 'f', 1))
                               : QString();
    QToolTip::showText(help->globalPos(), tr("Token %1 “%2”%3").arg(k).arg(tokens_[k].text, change), this);
    return true;
}

}  // namespace ternion::app
