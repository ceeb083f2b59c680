// The log as a dock.
#pragma once

#include "shell/panel.h"

namespace ternion::app {

class LogModel;

/// `log` outlives the panel.
PanelDefinition logPanel(LogModel& log);

}  // namespace ternion::app
