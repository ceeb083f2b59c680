// The power that sensors tell, and the energy used since the run began.
#pragma once

#include "metrics/metric_view.h"

namespace ternion::app {

MetricViewDefinition powerView();

}  // namespace ternion::app
