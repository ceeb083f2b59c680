#include "workbench.h"

#include <QCoreApplication>
#include <QDir>
#include <QStandardPaths>

#include "benchmarks/benchmarks_panel.h"
#include "board/board_panel.h"
#include "chat/chat_panel.h"
#include "compare/compare_window.h"
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
#include "metrics/metrics_panel.h"
#include "model_card/model_card_panel.h"
#include "runs/recording_actions.h"
#include "runs/runs_panel.h"
#include "runs/sql_panel.h"

namespace ternion::app {

OpenedStores openStores() {
    const QString folder = QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation) + QStringLiteral("/ternion");
    QDir().mkpath(folder);
    const std::filesystem::path file = (folder + QStringLiteral("/ternion.db")).toStdString();
    auto conversations = ConversationStore::open(file);
    auto runs = conversations ? RunStore::open(file) : RunStore::open({});
    if (conversations && runs) {
        std::string notice = conversations->notice;
        if (!runs->notice.empty()) notice += (notice.empty() ? "" : "\n") + runs->notice;
        return {std::move(conversations->store), std::move(runs->store), std::move(notice)};
    }
    const QString notice =
        conversations ? QCoreApplication::translate("main",
                                                    "%1. Runs of this session will not be kept: make %2 writable and "
                                                    "start again.")
                      : QCoreApplication::translate("main",
                                                    "%1. Conversations and runs of this session will not be kept: make "
                                                    "%2 writable and start again.");
    const Error& refused = conversations ? runs.error() : conversations.error();
    if (!conversations) conversations = ConversationStore::open({});
    if (!conversations) return {nullptr, nullptr, conversations.error().text()};
    const std::string told = notice.arg(QString::fromStdString(refused.text()), folder).toStdString();
    if (!runs) runs = RunStore::open({});
    if (!runs) return {nullptr, nullptr, runs.error().text()};
    return {std::move(conversations->store), std::move(runs->store), told};
}

Workbench::Workbench(BackendRegistry registry, Settings& settings, OpenedStores stores)
    : theme(settings),
      store(std::move(stores.conversations)),
      runStore(std::move(stores.runs)),
      engine(std::move(registry), settings.device(), runStore.get()),
      conversation(*store, engine),
      inspector(engine, conversation),
      runs(*runStore),
      window({engine, conversation, inspector, runs, actions},
             {
                 chatPanel(),
                 conversationsPanel(),
                 modelCardPanel(),
                 boardPanel(settings),
                 metricsPanel(),
                 runsPanel(),
                 sqlPanel(settings),
                 benchmarksPanel(),
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
    addRecordingActions(engine, settings, actions);
    window.addToToolBar(addCompareWindow({engine, conversation, inspector, runs, actions}, settings, &window));
    QObject::connect(&inspector, &Inspector::notice, &window,
                     [this](const QString& text) { window.post(MessageKind::Warning, text); });
    if (!stores.notice.empty()) window.post(MessageKind::Warning, QString::fromStdString(stores.notice));
    for (const ConversationSummary& known : conversation.list({}))
        if (known.id == settings.conversation()) conversation.open(known.id);
}

}  // namespace ternion::app
