// The hidden states: how long they are, how alike, what they would say, and how they lie.
#pragma once

#include "shell/panel.h"

namespace ternion::app {

PanelDefinition hiddenPanel();

}  // namespace ternion::app
