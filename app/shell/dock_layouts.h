// The panels around the chat, and where the user has put them.
#pragma once

#include <QByteArray>
#include <QDockWidget>
#include <QMainWindow>
#include <QObject>
#include <map>
#include <vector>

#include "shell/panel.h"

namespace ternion::app {

class QuickPick;
class Settings;

/// Makes a dock of each definition that is not the central one; saves, applies, deletes and resets arrangements of them.
class DockLayouts : public QObject {
    Q_OBJECT

public:
    DockLayouts(QMainWindow* window, const std::vector<PanelDefinition>& panels, const PanelContext& context,
                Settings& settings, QuickPick* pick);

    /// Takes the present arrangement as the one that `reset` leads to, then restores the last one. After the window has its
    /// size.
    void restore();
    void store() const;  ///< window and docks, for the next start
    void reset();

private:
    void addActions(ActionRegistry& actions);
    void joinSide(QDockWidget* dock);
    void joinGroup(std::vector<QDockWidget*>& group, QDockWidget* dock, PanelGroup which);
    void showGroup(PanelGroup which);
    void offer(const QString& prompt, const std::function<void(const QString&)>& run, bool newName);

    QMainWindow* window_;
    Settings& settings_;
    QuickPick* pick_;
    std::map<PanelGroup, std::vector<QDockWidget*>> groups_;  // the window's docks
    QDockWidget* side_ = nullptr;                             // the first at the right that is in no group
    QByteArray original_;
};

}  // namespace ternion::app
