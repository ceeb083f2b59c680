// The dock that plots what was measured of the shown runs, while they run and afterwards.
#pragma once

#include "shell/panel.h"

namespace ternion::app {

PanelDefinition metricsPanel();

}  // namespace ternion::app
