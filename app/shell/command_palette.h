// Every action by its name, and every shortcut at a glance.
#pragma once

#include <vector>

#include "shell/overlay.h"
#include "shell/quick_pick.h"

class QScrollArea;

namespace ternion::app {

class ActionRegistry;

/// What the command palette offers: every action that can be triggered now.
std::vector<QuickPickItem> commandItems(const ActionRegistry& actions);

/// The shortcuts of all actions, by menu. Built anew each time it opens.
class ShortcutOverview : public Overlay {
    Q_OBJECT

public:
    ShortcutOverview(QWidget* window, const ActionRegistry& actions);
    void open();

private:
    const ActionRegistry& actions_;
    QScrollArea* scroll_;
};

}  // namespace ternion::app
