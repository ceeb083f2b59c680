#include "chat/chat_panel.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLocale>
#include <QShowEvent>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "chat/composer.h"
#include "chat/conversation_model.h"
#include "chat/empty_chat.h"
#include "chat/labels.h"
#include "chat/message_list.h"
#include "chat/probability_scale.h"
#include "chat/settings_sheet.h"
#include "chat/token_text.h"
#include "engine/engine_client.h"
#include "shell/action_registry.h"
#include "shell/device_selector.h"
#include "shell/message_bar.h"

namespace ternion::app {
namespace {

QFrame* makeRule(QFrame::Shape shape) {
    auto* rule = new QFrame;
    rule->setFrameShape(shape);
    rule->setForegroundRole(QPalette::Mid);
    rule->setFrameShadow(QFrame::Plain);
    return rule;
}

QToolButton* makeToggle(const QString& objectName, const QString& text, const QString& help) {
    auto* button = new QToolButton;
    button->setObjectName(objectName);
    button->setText(text);
    button->setToolTip(help);
    button->setAccessibleName(text);
    button->setAccessibleDescription(help);
    button->setCheckable(true);
    button->setAutoRaise(true);
    button->setFocusPolicy(Qt::StrongFocus);
    return button;
}

}  // namespace

ChatPanel::ChatPanel(const PanelContext& context, QWidget* parent)
    : QWidget(parent),
      context_(context),
      title_(makeLabel({}, "", false)),
      probabilities_(makeToggle("showProbabilities", tr("Probabilities"),
                                tr("Colours every token of the answers by the probability the model gave it"))),
      settings_(makeToggle("showSettings", tr("Settings"), tr("System prompt, sampling and chat template"))),
      scale_(new ProbabilityScale),
      messages_(new MessageList(context.conversation, context.engine)),
      empty_(new EmptyChat(context.engine)),
      problems_(new MessageArea),
      status_(makeLabel({}, "small", true)),
      composer_(new Composer),
      sheet_(new SettingsSheet(context.conversation, context.engine)) {
    setObjectName("chatPanel");
    setAutoFillBackground(true);
    setBackgroundRole(QPalette::Base);
    title_->setObjectName("chatTitle");
    title_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    status_->setObjectName("chatStatus");
    settings_->setIcon(themedIcon("settings"));
    settings_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);

    auto* head = new QHBoxLayout;
    head->setContentsMargins(2 * grid, grid / 2, grid, grid / 2);
    head->setSpacing(grid);
    head->addWidget(title_, 1);
    head->addWidget(scale_);
    head->addWidget(probabilities_);
    head->addWidget(settings_);
    auto* pages = new QStackedWidget;
    pages->addWidget(empty_);
    pages->addWidget(messages_);
    pages_ = pages;

    auto* input = new QVBoxLayout;
    input->setContentsMargins(2 * grid, 0, 2 * grid, grid);
    input->setSpacing(grid / 2);
    input->addWidget(composer_);
    input->addWidget(status_);
    auto* inputWidget = new QWidget;
    inputWidget->setMaximumWidth(96 * grid);
    inputWidget->setLayout(input);
    auto* inputRow = new QHBoxLayout;
    inputRow->addStretch(1);
    inputRow->addWidget(inputWidget, 100);
    inputRow->addStretch(1);

    auto* talk = new QVBoxLayout;
    talk->setSpacing(0);
    talk->addWidget(pages_, 1);
    talk->addWidget(problems_);
    talk->addLayout(inputRow);
    auto* side = new QWidget;
    auto* sideRow = new QHBoxLayout(side);
    sideRow->setContentsMargins(0, 0, 0, 0);
    sideRow->setSpacing(0);
    sideRow->addWidget(makeRule(QFrame::VLine));
    sideRow->addWidget(sheet_);
    auto* row = new QHBoxLayout;
    row->setSpacing(0);
    row->addLayout(talk, 1);
    row->addWidget(side);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(head);
    column->addWidget(makeRule(QFrame::HLine));
    column->addLayout(row, 1);
    side->hide();
    scale_->hide();

    connect(settings_, &QToolButton::toggled, side, &QWidget::setVisible);
    connect(probabilities_, &QToolButton::toggled, this, [this](bool on) {
        scale_->setVisible(on);
        messages_->setTinted(on);
    });
    connect(composer_, &Composer::submitted, this, &ChatPanel::send);
    connect(composer_, &Composer::stopRequested, this, [this] { context_.conversation.stop(); });
    connect(empty_, &EmptyChat::exampleChosen, this, &ChatPanel::send);
    auto& conversation = context_.conversation;
    for (const auto changed :
         {&ConversationModel::opened, &ConversationModel::listChanged, &ConversationModel::settingsChanged})
        connect(&conversation, changed, this, &ChatPanel::refresh);
    connect(&conversation, &ConversationModel::messageAppended, this, &ChatPanel::refresh);
    connect(&conversation, &ConversationModel::opened, this, [this] { composer_->setFocus(); });
    connect(&conversation, &ConversationModel::answeringChanged, this, [this](bool answering) {
        if (answering) problems_->clear();
        refresh();
    });
    connect(&conversation, &ConversationModel::problem, this,
            [this](const QString& text) { problems_->post(MessageKind::Error, text); });
    connect(&context_.engine, &EngineClient::modelOpened, this, [this] {
        problems_->clear();
        refresh();
    });
    connect(&context_.engine, &EngineClient::answerFinished, this, &ChatPanel::showFinished);
    connect(&context_.engine, &EngineClient::progress, this, [this](const QString& what, double fraction) {
        if (context_.conversation.answering()) status_->setText(tr("%1: %2 %").arg(what).arg(qRound(fraction * 100)));
    });
    connect(&context_.engine, &EngineClient::tokensGenerated, this, [this] { status_->setText(tr("Esc stops the answer.")); });
    addActions();
    setFocusProxy(composer_);
    refresh();
}

void ChatPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    if (!event->spontaneous()) composer_->setFocus();
}

void ChatPanel::addActions() {
    auto& actions = context_.actions;
    auto& conversation = context_.conversation;
    const QString menu = tr("Chat");
    actions.add("chat.send", menu, tr("Send the prompt"), QKeySequence("Ctrl+Return"), [this] { composer_->submit(); });
    stop_ = actions.add("chat.stop", menu, tr("Stop the answer"), QKeySequence("Esc"), [&] { conversation.stop(); });
    actions.add("chat.regenerate", menu, tr("Regenerate the last answer"), QKeySequence("Ctrl+R"),
                [&] { conversation.regenerate(); });
    actions.add("chat.continue", menu, tr("Let the last answer go on"), QKeySequence("Ctrl+Shift+Return"),
                [&] { conversation.continueAnswer(); });
    actions.add("chat.editLast", menu, tr("Edit your last message"), QKeySequence("Ctrl+E"),
                [this] { messages_->editLastMessage(); });
    actions.add("chat.copyLast", menu, tr("Copy the last message"), QKeySequence("Ctrl+Shift+C"), [this] {
        if (auto* last = messages_->lastMessage()) QGuiApplication::clipboard()->setText(last->text()->text());
    });
    actions.add("chat.prompt", menu, tr("Write a prompt"), QKeySequence("Ctrl+L"), [this] { composer_->setFocus(); });
    auto* tint = actions.add("chat.probabilities", menu, tr("Colour tokens by probability"), QKeySequence("Ctrl+Shift+B"),
                             [this] { probabilities_->toggle(); });
    tint->setCheckable(true);
    connect(probabilities_, &QToolButton::toggled, tint, &QAction::setChecked);
    actions.add("chat.systemPrompt", menu, tr("System prompt"), QKeySequence("Ctrl+Shift+Y"),
                [this] { showSheet(&SettingsSheet::focusSystemPrompt); });
    actions.add("chat.sampling", menu, tr("Sampling settings"), QKeySequence("Ctrl+Shift+M"),
                [this] { showSheet(&SettingsSheet::focusSampling); });
}

void ChatPanel::showSheet(void (SettingsSheet::*focus)()) {
    settings_->setChecked(true);
    (sheet_->*focus)();
}

void ChatPanel::send(const QString& text) {
    auto& conversation = context_.conversation;
    if (conversation.answering()) return;
    const auto before = conversation.conversation().messages.size();
    conversation.send(text);
    if (conversation.conversation().messages.size() == before) return;  // it says why
    composer_->setText({});
    composer_->setFocus();
}

void ChatPanel::refresh() {
    const auto& conversation = context_.conversation;
    const bool isEmpty = conversation.conversation().messages.empty();
    const auto title = QString::fromStdString(conversation.conversation().summary.title);
    title_->setText(title.isEmpty() ? tr("New conversation") : title);
    static_cast<QStackedWidget*>(pages_)->setCurrentWidget(isEmpty ? static_cast<QWidget*>(empty_) : messages_);
    const auto model = context_.engine.model();
    composer_->setPlaceholder(model && !model->isChatModel ? tr("Write a beginning for the model to continue")
                                                           : tr("Write a message"));
    composer_->setAnswering(conversation.answering());
    stop_->setEnabled(conversation.answering());
    const bool waiting = conversation.answering() && !model;
    status_->setText(waiting                    ? tr("The answer begins when the model is loaded. Esc stops it.")
                     : conversation.answering() ? tr("Esc stops the answer.")
                                                : tr("Enter sends, Shift+Enter begins a new line."));
}

void ChatPanel::showFinished(const AnswerFinished& finished) {
    const auto& messages = context_.conversation.conversation().messages;
    auto* last = messages_->lastMessage();
    if (last == nullptr || messages.empty() || messages.back().role != Role::Assistant) return;
    const QLocale locale;
    const auto perSecond = [&](int tokens, double seconds) {
        return seconds > 0.0 ? locale.toString(tokens / seconds, 'f', 1) : QString(QChar(0x2013));
    };
    QStringList parts;
    const auto device = context_.engine.activeDevice();
    const QString speed = tr("%1 tokens/s").arg(perSecond(finished.result.tokens, finished.result.seconds));
    parts << tr("%1 tokens").arg(finished.result.tokens)
          << (finished.result.seconds > 0.0 && device && isSimulated(device->info)
                  ? tr("%1 (speed of the simulation)").arg(speed)
                  : speed);
    if (finished.prefillTokens > 0)
        parts << tr("prompt: %1 tokens in %2 ms")
                     .arg(finished.prefillTokens)
                     .arg(locale.toString(finished.prefillSeconds * 1000.0, 'f', 0));
    if (finished.result.reason == StopReason::Length) parts << tr("ended at the longest answer allowed");
    if (finished.result.reason == StopReason::Stopped) parts << tr("stopped");
    last->setNote(parts.join(QString("  %1  ").arg(QChar(0x00b7))));
}

PanelDefinition chatPanel() {
    PanelDefinition definition;
    definition.id = "chat";
    definition.title = ChatPanel::tr("Chat");
    definition.tooltip = ChatPanel::tr("Talk with the model. Click any word of an answer to see what else it might have said.");
    definition.area = Qt::NoDockWidgetArea;
    definition.create = [](const PanelContext& context) -> QWidget* { return new ChatPanel(context); };
    return definition;
}

}  // namespace ternion::app
