#include "runs/recording_actions.h"

#include <QAction>
#include <QCoreApplication>

#include "engine/engine_client.h"
#include "shell/action_registry.h"
#include "shell/settings.h"

namespace ternion::app {

void addRecordingActions(EngineClient& engine, Settings& settings, ActionRegistry& actions) {
    const auto text = [](const char* source) { return QCoreApplication::translate("Recording", source); };
    QAction* texts = actions.add("runs.recordTexts", text("Measure"), text("Keep prompts and answers in runs"), {}, {});
    texts->setCheckable(true);
    texts->setChecked(settings.recordsTexts());
    texts->setToolTip(
        text("They stay in the database on this machine, and only an export takes them out. Without them a run "
             "cannot be replayed."));
    engine.recordTexts(settings.recordsTexts());
    QObject::connect(texts, &QAction::triggered, &engine, [&engine, &settings](bool on) {
        settings.setRecordsTexts(on);
        engine.recordTexts(on);
    });
}

}  // namespace ternion::app
