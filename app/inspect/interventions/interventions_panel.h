// What would it have said otherwise: edits, and the answer they lead to beside the one there is.
#pragma once

#include "shell/panel.h"

namespace ternion::app {

PanelDefinition interventionsPanel();

}  // namespace ternion::app
