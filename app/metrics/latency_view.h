// How long tokens and passes of the prompt took: over the answer, in percentiles, and how they are spread.
#pragma once

#include "metrics/metric_view.h"

namespace ternion::app {

MetricViewDefinition latencyView();

}  // namespace ternion::app
