// How near kernels come to what the device's memory can deliver.
#pragma once

#include "metrics/metric_view.h"

namespace ternion::app {

MetricViewDefinition rooflineView();

}  // namespace ternion::app
