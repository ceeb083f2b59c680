#include "chat/token_text.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <cmath>

namespace ternion::app {

TokenText::TokenText(QWidget* parent) : QWidget(parent) {
    setObjectName("messageText");
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Minimum);  // a narrower text is higher
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    setMouseTracking(true);
    layout_.setFont(font());
}

void TokenText::clear() {
    layout_.clear();
    text_.clear();
    current_ = hovered_ = -1;
}

void TokenText::appendText(const QString& text) {
    layout_.appendText(text);
    text_ += text;
}

void TokenText::appendToken(const QString& text, float probability) {
    layout_.appendToken(text, probability);
    text_ += text;
}

void TokenText::finishAppending() {
    setFocusPolicy(tokenCount() > 0 ? Qt::StrongFocus : Qt::NoFocus);
    updateGeometry();
    update();
}

void TokenText::setTinted(bool tinted) {
    tinted_ = tinted;
    update();
}

int TokenText::heightForWidth(int width) const {
    layout_.setWidth(width);
    return static_cast<int>(std::ceil(layout_.height()));
}

QSize TokenText::sizeHint() const {
    constexpr int readable = 480;
    return {readable, width() > 0 ? heightForWidth(width()) : fontMetrics().height()};
}

void TokenText::resizeEvent(QResizeEvent* event) {
    layout_.setWidth(event->size().width());
    QWidget::resizeEvent(event);
}

void TokenText::changeEvent(QEvent* event) {
    if (event->type() == QEvent::FontChange) {
        layout_.setFont(font());
        updateGeometry();
    }
    QWidget::changeEvent(event);
}

void TokenText::paintEvent(QPaintEvent* event) {
    QPainter painter(this);
    TokenPaint how;
    how.text = palette().color(QPalette::Text);
    how.accent = palette().color(QPalette::Highlight);
    how.background = palette().color(QPalette::Base);
    how.tinted = tinted_;
    how.current = hasFocus() && current_ >= 0 ? current_ : hovered_;
    layout_.setWidth(width());
    layout_.paint(painter, event->rect(), how);
}

void TokenText::setCurrent(int token) {
    current_ = token;
    update();
}

void TokenText::mousePressEvent(QMouseEvent* event) {
    const int token = event->button() == Qt::LeftButton ? layout_.tokenAt(event->position()) : -1;
    if (token < 0) {
        event->ignore();
        return;
    }
    setCurrent(token);
    emit tokenActivated(token);
}

void TokenText::mouseMoveEvent(QMouseEvent* event) {
    const int token = layout_.tokenAt(event->position());
    if (token == hovered_) return;
    hovered_ = token;
    setCursor(token >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
    update();
}

void TokenText::leaveEvent(QEvent*) {
    hovered_ = -1;
    update();
}

void TokenText::focusInEvent(QFocusEvent* event) {
    if (current_ < 0 || current_ >= tokenCount()) current_ = 0;
    QWidget::focusInEvent(event);
    update();
}

void TokenText::keyPressEvent(QKeyEvent* event) {
    const auto step = [this](int by) {
        int token = current_ + by;
        while (token >= 0 && token < tokenCount() && layout_.tokenRect(token).isEmpty()) token += by;
        if (token >= 0 && token < tokenCount()) setCurrent(token);
    };
    switch (event->key()) {
        case Qt::Key_Left:
            return step(-1);
        case Qt::Key_Right:
            return step(1);
        case Qt::Key_Up:
            return setCurrent(layout_.tokenBeside(current_, -1));
        case Qt::Key_Down:
            return setCurrent(layout_.tokenBeside(current_, 1));
        case Qt::Key_Home:
            return setCurrent(0);
        case Qt::Key_End:
            return setCurrent(tokenCount() - 1);
        case Qt::Key_Return:
        case Qt::Key_Enter:
        case Qt::Key_Space:
            if (current_ >= 0) emit tokenActivated(current_);
            return;
        default:
            QWidget::keyPressEvent(event);
    }
}

}  // namespace ternion::app
