// The dock that measures: a sweep over models, devices, packings and lengths, and the paper's figure of memory and latency.
#pragma once

#include "shell/panel.h"

namespace ternion::app {

PanelDefinition benchmarksPanel();

}  // namespace ternion::app
