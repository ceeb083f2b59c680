#include "workbench.h"

#include <QCoreApplication>
#include <QDir>
#include <QStandardPaths>

#include "chat/chat_panel.h"
#include "conversations/conversations_panel.h"
#include "inspect/gates/gates_panel.h"
#include "inspect/hidden/hidden_panel.h"
#include "inspect/inspect_actions.h"
#include "inspect/interventions/interventions_panel.h"
#include "inspect/pins/pins_panel.h"
#include "inspect/quantisation/quantisation_panel.h"
#include "inspect/scrubber/scrubber_panel.h"
#include "inspect/weights/weights_panel.h"
#include "log/log_panel.h"
#include "model_card/model_card_panel.h"

namespace ternion::app {

ConversationStore::Opened openConversations() {
    const QString folder = QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation) + QStringLiteral("/ternion");
    QDir().mkpath(folder);
    auto opened = ConversationStore::open((folder + QStringLiteral("/ternion.db")).toStdString());
    if (opened) return std::move(opened).value();
    auto memory = ConversationStore::open({});
    if (!memory) return {nullptr, memory.error().text()};
    memory->notice = QCoreApplication::translate("main",
                                                 "%1. Conversations of this session will not be kept: make %2 writable and "
                                                 "start again.")
                         .arg(QString::fromStdString(opened.error().text()), folder)
                         .toStdString();
    return std::move(memory).value();
}

Workbench::Workbench(BackendRegistry registry, Settings& settings, ConversationStore::Opened conversations)
    : theme(settings),
      store(std::move(conversations.store)),
      engine(std::move(registry), settings.device()),
      conversation(*store, engine),
      inspector(engine, conversation),
      window({engine, conversation, inspector, actions},
             {
                 chatPanel(),
                 conversationsPanel(),
                 modelCardPanel(),
                 weightsPanel(),
                 gatesPanel(),
                 hiddenPanel(),
                 quantisationPanel(),
                 pinsPanel(settings),
                 interventionsPanel(),
                 scrubberPanel(),
                 logPanel(log),
             },
             settings, theme) {
    addInspectActions(inspector, settings, actions);
    QObject::connect(&inspector, &Inspector::notice, &window,
                     [this](const QString& text) { window.post(MessageKind::Warning, text); });
    if (!conversations.notice.empty()) window.post(MessageKind::Warning, QString::fromStdString(conversations.notice));
    for (const ConversationSummary& known : conversation.list({}))
        if (known.id == settings.conversation()) conversation.open(known.id);
}

}  // namespace ternion::app
