// What the gates of the MLGRU do: f, i, h and g over the tokens, and how long channels remember.
#pragma once

#include "shell/panel.h"

namespace ternion::app {

PanelDefinition gatesPanel();

}  // namespace ternion::app
