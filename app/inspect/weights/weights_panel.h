// The weights of the open model as a dock: statistics of every matrix, its trits, and the weights they were made of.
#pragma once

#include "shell/panel.h"

namespace ternion::app {

PanelDefinition weightsPanel();

}  // namespace ternion::app
