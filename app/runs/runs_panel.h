// All runs, as a dock: found, chosen, marked, described, compared.
#pragma once

#include "shell/panel.h"

namespace ternion::app {

PanelDefinition runsPanel();

}  // namespace ternion::app
