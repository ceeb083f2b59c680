// Where the time of one pass goes: by layer and kernel.
#pragma once

#include "metrics/metric_view.h"

namespace ternion::app {

MetricViewDefinition kernelsView();

}  // namespace ternion::app
