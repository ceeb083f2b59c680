// All conversations, as a dock.
#pragma once

#include "shell/panel.h"

namespace ternion::app {

PanelDefinition conversationsPanel();

}  // namespace ternion::app
