// How many tokens a second go through: while the answer is written and while the prompt is read.
#pragma once

#include "metrics/metric_view.h"

namespace ternion::app {

MetricViewDefinition speedView();

}  // namespace ternion::app
