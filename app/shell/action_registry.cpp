#include "shell/action_registry.h"

#include <algorithm>

namespace ternion::app {

QAction* ActionRegistry::add(const QString& id, const QString& menu, const QString& text, const QKeySequence& shortcut,
                             const std::function<void()>& run) {
    auto* action = new QAction(text, this);
    action->setObjectName(id);
    action->setShortcut(shortcut);
    if (run) connect(action, &QAction::triggered, this, run);
    entries_.push_back({menu, action});
    emit added(action, menu);
    return action;
}

QAction* ActionRegistry::find(const QString& id) const {
    const auto found =
        std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.action->objectName() == id; });
    return found == entries_.end() ? nullptr : found->action;
}

}  // namespace ternion::app
