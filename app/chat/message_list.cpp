#include "chat/message_list.h"

#include <QApplication>
#include <QHBoxLayout>
#include <QMouseEvent>
#include <QScrollBar>
#include <QVBoxLayout>

#include "chat/conversation_model.h"
#include "chat/labels.h"
#include "chat/token_popover.h"
#include "chat/token_text.h"
#include "engine/engine_client.h"

namespace ternion::app {
namespace {

constexpr int readableWidth = 96 * grid;

QString speaker(const ConversationModel& conversation, Role role) {
    if (role == Role::User) return MessageList::tr("You");
    const auto& name = conversation.conversation().summary.modelName;
    return name.empty() ? MessageList::tr("Model") : QString::fromStdString(name);
}

}  // namespace

MessageList::MessageList(ConversationModel& conversation, EngineClient& engine, QWidget* parent)
    : QScrollArea(parent), conversation_(conversation), engine_(engine), popover_(new TokenPopover(viewport())) {
    setObjectName("messageList");
    setAccessibleName(tr("Messages"));
    setFrameShape(QFrame::NoFrame);
    setWidgetResizable(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFocusPolicy(Qt::NoFocus);
    viewport()->setBackgroundRole(QPalette::Base);

    auto* page = new QWidget;
    page->setBackgroundRole(QPalette::Base);
    auto* middle = new QWidget;
    middle->setMaximumWidth(readableWidth);
    column_ = new QVBoxLayout(middle);
    column_->setContentsMargins(2 * grid, 2 * grid, 2 * grid, 2 * grid);
    column_->setSpacing(grid);
    column_->addStretch();
    auto* row = new QHBoxLayout(page);
    row->setContentsMargins(0, 0, 0, 0);
    constexpr int all = 100;
    row->addStretch(1);
    row->addWidget(middle, all);
    row->addStretch(1);
    setWidget(page);

    connect(verticalScrollBar(), &QScrollBar::valueChanged, this, [this](int value) {
        atEnd_ = value >= verticalScrollBar()->maximum() - 2 * grid;
        popover_->hide();
    });
    connect(verticalScrollBar(), &QScrollBar::rangeChanged, this, &MessageList::followEnd);
    connect(qApp, &QApplication::focusChanged, popover_, [this](const QWidget*, const QWidget* now) {
        if (now != nullptr && now != popover_ && !popover_->isAncestorOf(now)) popover_->hide();
    });
    connect(popover_, &TokenPopover::chosen, this,
            [this](TokenId alternative) { conversation_.continueFrom(shownIndex_, shownToken_, alternative); });
    connect(popover_, &TokenPopover::closed, this, [this] {
        if (const auto at = static_cast<std::size_t>(shownIndex_); at < messages_.size()) messages_[at]->text()->setFocus();
    });
    connect(&conversation_, &ConversationModel::opened, this, &MessageList::rebuild);
    connect(&conversation_, &ConversationModel::messageAppended, this, [this](int index) {
        atEnd_ = true;
        append(index);
        refreshStates();
    });
    connect(&conversation_, &ConversationModel::tokensAppended, this, [this](int index, int firstToken) {
        auto& view = *messages_.at(static_cast<std::size_t>(index));
        const auto& message = conversation_.conversation().messages.at(static_cast<std::size_t>(index));
        if (firstToken < view.text()->tokenCount()) return rebuild();  // its end was written anew
        view.appendTokens(message, firstToken);
        view.setNote({});
    });
    connect(&conversation_, &ConversationModel::answeringChanged, this, &MessageList::refreshStates);
    rebuild();
}

void MessageList::setTinted(bool tinted) {
    tinted_ = tinted;
    for (auto* view : messages_) view->setTinted(tinted);
}

void MessageList::editLastMessage() {
    const auto& messages = conversation_.conversation().messages;
    for (std::size_t k = messages.size(); k-- > 0;) {
        if (messages[k].role != Role::User) continue;
        ensureWidgetVisible(messages_[k]);
        return messages_[k]->startEditing();
    }
}

void MessageList::rebuild() {
    popover_->hide();
    for (auto* view : messages_) {
        column_->removeWidget(view);
        view->hide();
        view->deleteLater();
    }
    messages_.clear();
    const int count = static_cast<int>(conversation_.conversation().messages.size());
    for (int k = 0; k < count; ++k) append(k);
    atEnd_ = true;
    refreshStates();
}

void MessageList::append(int index) {
    const auto& message = conversation_.conversation().messages.at(static_cast<std::size_t>(index));
    auto* view = new MessageView(message, speaker(conversation_, message.role));
    view->setTinted(tinted_);
    connect(view, &MessageView::tokenActivated, this, [this, index](int token) { showAlternatives(index, token); });
    connect(view, &MessageView::edited, this, [this, index](const QString& text) { conversation_.editMessage(index, text); });
    connect(view, &MessageView::regenerateRequested, this, [this] { conversation_.regenerate(); });
    connect(view, &MessageView::continueRequested, this, [this] { conversation_.continueAnswer(); });
    column_->insertWidget(column_->count() - 1, view);
    messages_.push_back(view);
}

void MessageList::refreshStates() {
    const auto& messages = conversation_.conversation().messages;
    for (std::size_t k = 0; k < messages_.size() && k < messages.size(); ++k)
        messages_[k]->setState(k + 1 == messages.size(), conversation_.answering(), messages[k].complete);
}

void MessageList::showAlternatives(int index, int token) {
    const auto& tokens = conversation_.conversation().messages.at(static_cast<std::size_t>(index)).tokens;
    auto* text = messages_.at(static_cast<std::size_t>(index))->text();
    const QRect place = text->tokenRect(token);
    ensureVisible(0, text->mapTo(widget(), place.center()).y(), 0, 4 * grid);
    shownIndex_ = index;
    shownToken_ = token;
    const auto model = engine_.model();
    popover_->show(tokens.at(static_cast<std::size_t>(token)), model ? model->tokenizer : nullptr,
                   {text->mapTo(viewport(), place.topLeft()), place.size()}, !conversation_.answering());
}

void MessageList::followEnd() {
    if (atEnd_) verticalScrollBar()->setValue(verticalScrollBar()->maximum());
}

void MessageList::mousePressEvent(QMouseEvent* event) {
    popover_->hide();
    QScrollArea::mousePressEvent(event);
}

void MessageList::resizeEvent(QResizeEvent* event) {
    popover_->hide();
    const bool follow = atEnd_;
    QScrollArea::resizeEvent(event);
    atEnd_ = follow;
    followEnd();
}

}  // namespace ternion::app
