// A timeline under all views: every view shows the token that is chosen here.
#pragma once

#include "shell/panel.h"

namespace ternion::app {

PanelDefinition scrubberPanel();

}  // namespace ternion::app
