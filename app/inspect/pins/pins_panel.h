// Channels, values and lenses that stay in sight, as small multiples.
#pragma once

#include "shell/panel.h"

namespace ternion::app {

class Settings;

/// The settings, which keep the pins, outlive the panel.
PanelDefinition pinsPanel(Settings& settings);

}  // namespace ternion::app
