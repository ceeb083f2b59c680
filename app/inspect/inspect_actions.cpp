#include "inspect/inspect_actions.h"

#include <QActionGroup>
#include <QCoreApplication>
#include <QDir>
#include <array>

#include "base/user_folders.h"
#include "inspect/inspector.h"
#include "shell/action_registry.h"
#include "shell/format.h"
#include "shell/icons.h"
#include "shell/settings.h"

namespace ternion::app {
namespace {

QString inspectActionsText(const char* source) { return QCoreApplication::translate("Inspect", source); }

void applyLimits(Inspector& inspector, const Settings& settings) {
    TraceLimits limits;
    limits.memoryBytes = static_cast<std::uint64_t>(settings.traceMemory());
    if (settings.spillsTraces()) {
        limits.spillFolder = userCacheFolder();
        QDir().mkpath(QString::fromStdString(limits.spillFolder.string()));
    }
    inspector.setLimits(limits);
}

}  // namespace

void addInspectActions(Inspector& inspector, Settings& settings, ActionRegistry& actions) {
    const QString menu = inspectActionsText("Inspect");
    QUndoStack& stack = inspector.undo();
    QAction* undo =
        actions.add("inspect.undo", menu, inspectActionsText("Undo"), QKeySequence::Undo, [&stack] { stack.undo(); });
    QAction* redo =
        actions.add("inspect.redo", menu, inspectActionsText("Redo"), QKeySequence("Ctrl+Y"), [&stack] { stack.redo(); });
    undo->setIcon(themedIcon("undo"));
    const auto follow = [undo, redo, &stack] {
        undo->setEnabled(stack.canUndo());
        redo->setEnabled(stack.canRedo());
        undo->setText(stack.canUndo() ? inspectActionsText("Undo: %1").arg(stack.undoText()) : inspectActionsText("Undo"));
        redo->setText(stack.canRedo() ? inspectActionsText("Redo: %1").arg(stack.redoText()) : inspectActionsText("Redo"));
    };
    QObject::connect(&stack, &QUndoStack::indexChanged, undo, follow);
    follow();

    const QString memory = inspectActionsText("Inspect/Trace memory");
    auto* group = new QActionGroup(&inspector);
    for (const int mebibytes : {256, 1024, 4096, 16384}) {
        const std::int64_t bytes = std::int64_t{mebibytes} << 20;
        QAction* choice = actions.add(QStringLiteral("inspect.memory.%1").arg(mebibytes), memory,
                                      inspectActionsText("Keep at most %1").arg(formatBytes(static_cast<std::uint64_t>(bytes))),
                                      {}, [&inspector, &settings, bytes] {
                                          settings.setTraceMemory(bytes);
                                          applyLimits(inspector, settings);
                                      });
        choice->setCheckable(true);
        choice->setChecked(bytes == settings.traceMemory());
        choice->setActionGroup(group);
    }
    QAction* spill = actions.add("inspect.spill", memory, inspectActionsText("Write what does not fit to the disk"), {}, {});
    spill->setCheckable(true);
    spill->setChecked(settings.spillsTraces());
    QObject::connect(spill, &QAction::toggled, &inspector, [&inspector, &settings](bool on) {
        settings.setSpillsTraces(on);
        applyLimits(inspector, settings);
    });
    applyLimits(inspector, settings);
}

}  // namespace ternion::app
