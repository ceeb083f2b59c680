// What the run takes of the device's and the host's memory, by category.
#pragma once

#include "metrics/metric_view.h"

namespace ternion::app {

MetricViewDefinition memoryView();

}  // namespace ternion::app
