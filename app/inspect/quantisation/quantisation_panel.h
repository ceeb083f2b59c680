// What the int8 activations of each BitLinear lose: scales, clipped and vanished values, outlier channels, the codes
// themselves.
#pragma once

#include "shell/panel.h"

namespace ternion::app {

PanelDefinition quantisationPanel();

}  // namespace ternion::app
