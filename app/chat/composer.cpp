#include "chat/composer.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QVBoxLayout>

#include "chat/labels.h"
#include "chat/prompt_edit.h"

namespace ternion::app {

Composer::Composer(QWidget* parent) : QFrame(parent), edit_(new PromptEdit) {
    setObjectName("composer");
    edit_->setObjectName("prompt");
    edit_->setAccessibleName(tr("Prompt"));
    edit_->setBackgroundRole(QPalette::Base);
    edit_->viewport()->setAutoFillBackground(false);
    send_ = makeToolButton("send", "send", tr("Send (Enter)"));
    stop_ = makeToolButton("stop", "stop", tr("Stop the answer (Esc)"));
    stop_->hide();
    send_->setEnabled(false);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(grid, grid, grid, grid);
    row->setSpacing(grid);
    row->addWidget(edit_, 1, Qt::AlignVCenter);
    for (auto* button : {send_, stop_}) row->addWidget(button, 0, Qt::AlignBottom);
    setFocusProxy(edit_);
    connect(edit_, &PromptEdit::submitted, this, &Composer::submit);
    connect(send_, &QToolButton::clicked, this, &Composer::submit);
    connect(stop_, &QToolButton::clicked, this, &Composer::stopRequested);
    connect(edit_, &QPlainTextEdit::textChanged, this, [this] { send_->setEnabled(!text().trimmed().isEmpty()); });
}

QString Composer::text() const { return edit_->toPlainText(); }

void Composer::setText(const QString& text) {
    edit_->setPlainText(text);
    edit_->moveCursor(QTextCursor::End);
}

void Composer::setPlaceholder(const QString& text) { edit_->setPlaceholderText(text); }

void Composer::submit() {
    if (!stop_->isVisibleTo(this) && !text().trimmed().isEmpty()) emit submitted(text());
}

void Composer::setAnswering(bool answering) {
    const bool hadFocus = send_->hasFocus() || stop_->hasFocus();
    send_->setVisible(!answering);
    stop_->setVisible(answering);
    if (hadFocus) edit_->setFocus();
}

void Composer::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const bool focused = edit_->hasFocus();
    painter.setPen(QPen(palette().color(focused ? QPalette::Highlight : QPalette::Mid), focused ? 1.5 : 1.0));
    painter.setBrush(palette().color(QPalette::Base));
    painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), grid, grid);
}

}  // namespace ternion::app
