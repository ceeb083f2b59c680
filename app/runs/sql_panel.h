// The user's own questions to the database, as a dock.
#pragma once

#include "shell/panel.h"

namespace ternion::app {

class Settings;

/// The settings, which keep the history of questions, outlive the panel.
PanelDefinition sqlPanel(Settings& settings);

}  // namespace ternion::app
