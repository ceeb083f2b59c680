#include "chat/token_text.h"

#include <QClipboard>
#include <QContextMenuEvent>
#include <QGuiApplication>
#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QPainter>
#include <QStyleHints>
#include <cmath>

namespace ternion::app {

TokenText::TokenText(bool markdown, QWidget* parent) : QWidget(parent), markdown_(markdown) {
    setObjectName("messageText");
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Minimum);  // a narrower text is higher
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    setMouseTracking(true);
    updateStyle();
}

void TokenText::updateStyle() {
    layout_.setFont(font());
    if (markdown_)
        layout_.setMarkdown(
            MarkdownStyle{font(), palette().color(QPalette::PlaceholderText), palette().color(QPalette::AlternateBase)});
}

void TokenText::clear() {
    layout_.clear();
    text_.clear();
    current_ = hovered_ = anchorToken_ = chosen_ = -1;
    marks_.clear();
    anchor_ = cursor_ = 0;
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
    setFocusPolicy(tokenCount() > 0 ? Qt::StrongFocus : Qt::ClickFocus);
    updateGeometry();
    update();
}

void TokenText::setTinted(bool tinted) {
    tinted_ = tinted;
    update();
}

void TokenText::setMarks(std::vector<char> marks) {
    if (marks == marks_) return;
    marks_ = std::move(marks);
    update();
}

void TokenText::setChosen(int token) {
    if (std::exchange(chosen_, token) != token) update();
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
    if (event->type() == QEvent::FontChange || event->type() == QEvent::PaletteChange) {
        updateStyle();
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
    how.marked = marks_;
    how.chosen = chosen_;
    how.selectedText = palette().color(QPalette::HighlightedText);
    how.selectedFrom = selectedFrom();
    how.selectedTo = selectedTo();
    how.current = hasFocus() && current_ >= 0 ? current_ : hovered_;
    layout_.setWidth(width());
    layout_.paint(painter, event->rect(), how);
}

void TokenText::setCurrent(int token) {
    current_ = token;
    update();
}

/// To a token by the keys; `selecting` takes in all from where that began.
void TokenText::moveTo(int token, bool selecting) {
    if (!selecting)
        anchorToken_ = -1;
    else if (anchorToken_ < 0)
        anchorToken_ = current_;
    setCurrent(token);
    if (!selecting || token < 0) return select(0, 0);
    const auto from = layout_.tokenSpan(anchorToken_);
    const auto to = layout_.tokenSpan(token);
    select(std::min(from.first, to.first), std::max(from.second, to.second));
}

void TokenText::select(int anchor, int cursor) {
    anchor_ = anchor;
    cursor_ = cursor;
    update();
}

void TokenText::copySelection() const {
    if (anchor_ != cursor_) QGuiApplication::clipboard()->setText(selectedText());
}

void TokenText::mousePressEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) return event->ignore();
    pressedAt_ = event->pos();
    pressed_ = layout_.tokenAt(event->position());
    dragging_ = false;
    anchorToken_ = -1;
    const int here = layout_.characterAt(event->position());
    select(here, here);
}

void TokenText::mouseMoveEvent(QMouseEvent* event) {
    if (event->buttons() & Qt::LeftButton) {
        const int distance = (event->pos() - pressedAt_).manhattanLength();
        dragging_ = dragging_ || distance >= QGuiApplication::styleHints()->startDragDistance();
        if (dragging_) select(anchor_, layout_.characterAt(event->position()));
        return;
    }
    const int token = layout_.tokenAt(event->position());
    if (token == hovered_) return;
    hovered_ = token;
    setCursor(token >= 0 ? Qt::PointingHandCursor : Qt::IBeamCursor);
    update();
}

void TokenText::mouseReleaseEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton || dragging_ || pressed_ < 0) return;
    setCurrent(pressed_);
    emit tokenActivated(pressed_);
}

void TokenText::contextMenuEvent(QContextMenuEvent* event) {
    auto* menu = new QMenu(this);
    menu->setObjectName("textMenu");
    menu->setAttribute(Qt::WA_DeleteOnClose);
    auto* copy = menu->addAction(tr("Copy"), this, &TokenText::copySelection);
    copy->setObjectName("copySelection");
    copy->setEnabled(anchor_ != cursor_);
    auto* whole = menu->addAction(tr("Copy message"), this, [this] { QGuiApplication::clipboard()->setText(text_); });
    whole->setObjectName("copyWholeMessage");
    menu->addAction(tr("Select all"), this, [this] { select(0, static_cast<int>(text_.size())); });
    menu->popup(event->globalPos());
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
    if (event->matches(QKeySequence::Copy)) return copySelection();
    if (event->matches(QKeySequence::SelectAll)) return select(0, static_cast<int>(text_.size()));
    if (tokenCount() == 0) return QWidget::keyPressEvent(event);
    const bool selecting = event->modifiers() & Qt::ShiftModifier;
    const auto step = [&](int by) {
        int token = current_ + by;
        while (token >= 0 && token < tokenCount() && layout_.tokenRect(token).isEmpty()) token += by;
        if (token >= 0 && token < tokenCount()) moveTo(token, selecting);
    };
    switch (event->key()) {
        case Qt::Key_Left:
            return step(-1);
        case Qt::Key_Right:
            return step(1);
        case Qt::Key_Up:
            return moveTo(layout_.tokenBeside(current_, -1), selecting);
        case Qt::Key_Down:
            return moveTo(layout_.tokenBeside(current_, 1), selecting);
        case Qt::Key_Home:
            return moveTo(0, selecting);
        case Qt::Key_End:
            return moveTo(tokenCount() - 1, selecting);
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
