#include "chat/message_view.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>

#include "chat/answer_tokens.h"
#include "chat/labels.h"
#include "chat/prompt_edit.h"
#include "chat/token_text.h"

namespace ternion::app {

MessageView::MessageView(const StoredMessage& message, const QString& speaker, QWidget* parent)
    : QFrame(parent), role_(message.role), text_(new TokenText(role_ == Role::Assistant)) {
    const bool user = role_ == Role::User;
    setObjectName(user ? "userMessage" : "assistantMessage");
    setAccessibleName(tr("Message of %1").arg(speaker));
    text_->setAccessibleName(user ? tr("Your message") : tr("Answer: arrow keys walk its tokens, Enter shows alternatives"));

    auto* name = makeLabel(speaker, "small", true);
    name->setObjectName("speaker");
    copy_ = makeToolButton("copyMessage", "copy", tr("Copy"));
    editButton_ = makeToolButton("editMessage", "edit", user ? tr("Edit, and answer anew from here") : tr("Edit this answer"));
    regenerate_ = makeToolButton("regenerateMessage", "regenerate", user ? tr("Answer") : tr("Regenerate this answer"));
    continue_ = makeToolButton("continueMessage", "continue", tr("Let it go on"));
    QSizePolicy kept = copy_->sizePolicy();
    kept.setRetainSizeWhenHidden(true);  // so that nothing moves when the answer is finished
    copy_->setSizePolicy(kept);
    connect(copy_, &QToolButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(text_->text()); });
    connect(editButton_, &QToolButton::clicked, this, &MessageView::startEditing);
    connect(regenerate_, &QToolButton::clicked, this, &MessageView::regenerateRequested);
    connect(continue_, &QToolButton::clicked, this, &MessageView::continueRequested);
    connect(text_, &TokenText::tokenActivated, this, &MessageView::tokenActivated);

    auto* head = new QHBoxLayout;
    head->setSpacing(grid / 2);
    head->addWidget(name);
    head->addStretch();
    for (auto* button : {continue_, regenerate_, editButton_, copy_}) head->addWidget(button);
    note_ = makeLabel({}, "small", true);
    note_->setObjectName("messageNote");
    note_->setWordWrap(true);
    note_->hide();

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(2 * grid, grid, grid, user ? grid + grid / 2 : grid);
    column->setSpacing(grid / 2);
    column->addLayout(head);
    auto* body = new QVBoxLayout;
    body->setContentsMargins(0, 0, grid, 0);
    body->addWidget(text_);
    body->addWidget(note_);
    column->addLayout(body);

    if (const auto text = written(message); !text.empty())
        text_->appendText(QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size())));
    appendTokens(message, 0);
}

void MessageView::appendTokens(const StoredMessage& message, int firstToken) {
    for (auto k = static_cast<std::size_t>(firstToken); k < message.tokens.size(); ++k)
        text_->appendToken(QString::fromStdString(message.tokens[k].text), message.tokens[k].probability);
    text_->finishAppending();
}

void MessageView::setState(bool last, bool answering, bool complete) {
    const bool assistant = role_ == Role::Assistant;
    const bool writing = last && answering && assistant;
    copy_->setVisible(!writing);
    editButton_->setVisible(!writing);
    editButton_->setEnabled(!answering);
    regenerate_->setVisible(last && !answering);
    continue_->setVisible(last && !answering && assistant);
    if (!assistant)
        setNote(last && !answering ? tr("No answer yet. Press the arrow above to ask for one, or edit the message.")
                                   : QString());
    else if (writing)
        setNote(text_->text().isEmpty() ? tr("Reading…") : QString());
    else if (!complete)
        setNote(tr("The program ended while this was being written. Let it go on, or regenerate it."));
}

void MessageView::paintEvent(QPaintEvent*) {
    if (role_ != Role::User) return;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(palette().color(QPalette::AlternateBase));
    painter.drawRoundedRect(rect(), grid, grid);
}

void MessageView::setNote(const QString& note) {
    note_->setText(note);
    note_->setVisible(!note.isEmpty());
}

void MessageView::setTinted(bool tinted) { text_->setTinted(tinted); }

bool MessageView::editing() const { return editor_ != nullptr; }

void MessageView::startEditing() {
    if (editor_ != nullptr || !editButton_->isEnabled()) return;
    editor_ = new QWidget;
    editor_->setObjectName("messageEditor");
    auto* frame = new PromptFrame;
    auto* edit = &frame->edit();
    edit->setObjectName("messageEdit");
    edit->setAccessibleName(tr("Text of the message"));
    edit->setCancellable(true);
    edit->setPlainText(text_->text());
    auto* save = new QPushButton(role_ == Role::User ? tr("Save and answer") : tr("Save"));
    save->setObjectName("saveEdit");
    save->setProperty("primary", true);
    save->setAccessibleName(save->text());
    auto* cancel = new QPushButton(tr("Cancel"));
    cancel->setObjectName("cancelEdit");
    cancel->setAccessibleName(tr("Cancel editing"));
    auto* hint = makeLabel(tr("What comes after it is dropped."), "small", true);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(grid);
    buttons->addWidget(hint);
    buttons->addStretch();
    buttons->addWidget(cancel);
    buttons->addWidget(save);
    auto* column = new QVBoxLayout(editor_);
    column->setContentsMargins(0, 0, grid, 0);
    column->setSpacing(grid);
    column->addWidget(frame);
    column->addLayout(buttons);
    static_cast<QVBoxLayout*>(layout())->insertWidget(1, editor_);
    editor_->show();
    text_->hide();
    const auto accept = [this, edit] {
        const QString text = edit->toPlainText();
        stopEditing();
        if (text != text_->text()) emit edited(text);
    };
    connect(save, &QPushButton::clicked, this, accept);
    connect(edit, &PromptEdit::submitted, this, accept);
    connect(cancel, &QPushButton::clicked, this, &MessageView::stopEditing);
    connect(edit, &PromptEdit::cancelled, this, &MessageView::stopEditing);
    edit->moveCursor(QTextCursor::End);
    edit->setFocus();
}

void MessageView::stopEditing() {
    editor_->hide();
    editor_->deleteLater();
    editor_ = nullptr;
    text_->show();
    editButton_->setFocus();
}

}  // namespace ternion::app
