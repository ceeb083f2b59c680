#include "chat/composer.h"

#include <QHBoxLayout>

#include "chat/labels.h"

namespace ternion::app {

Composer::Composer(QWidget* parent) : PromptFrame(parent) {
    setObjectName("composer");
    edit().setObjectName("prompt");
    edit().setAccessibleName(tr("Prompt"));
    send_ = makeToolButton("send", "send", tr("Send (Enter)"));
    stop_ = makeToolButton("stop", "stop", tr("Stop the answer (Esc)"));
    stop_->hide();
    send_->setEnabled(false);
    for (auto* button : {send_, stop_}) static_cast<QHBoxLayout*>(layout())->addWidget(button, 0, Qt::AlignBottom);
    setFocusProxy(&edit());
    connect(&edit(), &PromptEdit::submitted, this, &Composer::submit);
    connect(send_, &QToolButton::clicked, this, &Composer::submit);
    connect(stop_, &QToolButton::clicked, this, &Composer::stopRequested);
    connect(&edit(), &QPlainTextEdit::textChanged, this, [this] { send_->setEnabled(!text().trimmed().isEmpty()); });
}

QString Composer::text() const { return edit().toPlainText(); }

void Composer::setText(const QString& text) {
    edit().setPlainText(text);
    edit().moveCursor(QTextCursor::End);
}

void Composer::setPlaceholder(const QString& text) { edit().setPlaceholderText(text); }

void Composer::submit() {
    if (!stop_->isVisibleTo(this) && !text().trimmed().isEmpty()) emit submitted(text());
}

void Composer::setAnswering(bool answering) {
    const bool hadFocus = send_->hasFocus() || stop_->hasFocus();
    send_->setVisible(!answering);
    stop_->setVisible(answering);
    if (hadFocus) edit().setFocus();
}

}  // namespace ternion::app
