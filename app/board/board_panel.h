// The boards that were found; starts and stops the simulated one, and shows what its counters say.
#pragma once

#include "shell/panel.h"

namespace ternion::app {

class Settings;

/// `settings` outlives the panel.
PanelDefinition boardPanel(Settings& settings);

}  // namespace ternion::app
