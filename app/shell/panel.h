// What a dock of the workbench is made of. A panel is one file pair in its own folder and one line in app/workbench.cpp.
#pragma once

#include <QString>
#include <QWidget>
#include <Qt>
#include <functional>
#include <vector>

namespace ternion::app {

class EngineClient;
class ConversationModel;
class Inspector;
class RunBook;
class ActionRegistry;

/// What a panel may use. Everything outlives the panels.
struct PanelContext {
    EngineClient& engine;
    ConversationModel& conversation;
    Inspector& inspector;     ///< selection and traces, shared by the inspection views
    RunBook& runs;            ///< the runs, and which are shown
    ActionRegistry& actions;  ///< actions put here are found by the command palette and the shortcut list
};

/// Panels that belong together: hidden until they are wanted, then shown together, each group by a layout of its own.
enum class PanelGroup { None, Inspection, Measurement };

struct PanelDefinition {
    QString id;                                        ///< stable: layouts are saved under it, and it is the dock's objectName
    QString title;                                     ///< translated
    QString tooltip;                                   ///< explains the dock to a newcomer
    Qt::DockWidgetArea area = Qt::LeftDockWidgetArea;  ///< NoDockWidgetArea: the central widget
    std::function<QWidget*(const PanelContext&)> create;  ///< Qt's parent ownership: the dock takes it
    PanelGroup group = PanelGroup::None;
};

}  // namespace ternion::app
