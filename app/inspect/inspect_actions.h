// Undo and the limits of the inspection views, for menus, keys and the command palette.
#pragma once

namespace ternion::app {

class ActionRegistry;
class Inspector;
class Settings;

/// Also applies the limits that `settings` remembers. All outlive the actions.
void addInspectActions(Inspector& inspector, Settings& settings, ActionRegistry& actions);

}  // namespace ternion::app
