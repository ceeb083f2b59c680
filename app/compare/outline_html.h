// A comparison that was kept, as a page: its sides, what differs, and how it compares with the baseline.
#pragma once

#include <QString>

#include "compare/comparison_history.h"

namespace ternion::app {

/// `baseline`: null where there is none.
QString outlineHtml(const ComparisonOutline& outline, const ComparisonOutline* baseline);

}  // namespace ternion::app
