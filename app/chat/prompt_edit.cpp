#include "chat/prompt_edit.h"

#include <QAbstractTextDocumentLayout>
#include <QKeyEvent>
#include <QPainter>
#include <QVBoxLayout>
#include <algorithm>

#include "chat/labels.h"

namespace ternion::app {

PromptEdit::PromptEdit(QWidget* parent) : QPlainTextEdit(parent) {
    setFrameShape(QFrame::NoFrame);
    setStyleSheet("QPlainTextEdit { border: none; padding: 0; background: transparent; }");
    setTabChangesFocus(true);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(document()->documentLayout(), &QAbstractTextDocumentLayout::documentSizeChanged, this, &PromptEdit::fitHeight);
    fitHeight();
}

void PromptEdit::fitHeight() {
    constexpr double mostLines = 8.0;
    const double lines = std::max(1.0, document()->size().height());  // a plain text document measures in lines
    const double shown = std::min(lines, mostLines);
    setVerticalScrollBarPolicy(lines > mostLines ? Qt::ScrollBarAsNeeded : Qt::ScrollBarAlwaysOff);
    setFixedHeight(qCeil(shown * fontMetrics().lineSpacing() + 2 * document()->documentMargin()));
}

void PromptEdit::resizeEvent(QResizeEvent* event) {
    QPlainTextEdit::resizeEvent(event);
    fitHeight();
}

bool PromptEdit::event(QEvent* event) {
    // Before the window's shortcuts see it.
    if (event->type() == QEvent::ShortcutOverride && cancellable_) {
        const auto* key = static_cast<QKeyEvent*>(event);
        if (key->key() == Qt::Key_Escape || key->key() == Qt::Key_Return) event->accept();
    }
    if (event->type() == QEvent::FontChange) fitHeight();
    const bool focus = event->type() == QEvent::FocusIn || event->type() == QEvent::FocusOut;
    if (focus && parentWidget() != nullptr) parentWidget()->update();
    return QPlainTextEdit::event(event);
}

void PromptEdit::keyPressEvent(QKeyEvent* event) {
    const bool enter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    if (enter && !event->modifiers().testFlag(Qt::ShiftModifier)) {
        emit submitted();
    } else if (event->key() == Qt::Key_Escape && cancellable_) {
        emit cancelled();
    } else {
        QPlainTextEdit::keyPressEvent(event);
    }
}

PromptFrame::PromptFrame(QWidget* parent) : QFrame(parent), edit_(new PromptEdit) {
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(grid, grid, grid, grid);
    row->setSpacing(grid);
    row->addWidget(edit_, 1, Qt::AlignVCenter);
}

void PromptFrame::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const bool focused = edit_->hasFocus();
    painter.setPen(QPen(palette().color(focused ? QPalette::Highlight : QPalette::Mid), focused ? 1.5 : 1.0));
    painter.setBrush(palette().color(QPalette::Base));
    painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), grid, grid);
}

}  // namespace ternion::app
