// A run as `runs` and `replay` print it with --json.
#pragma once

#include <nlohmann/json.hpp>

#include "store/run_records.h"

namespace ternion::cli {

/// Facts, settings, figures (each with value, unit and source) and what is missing, with the reasons.
nlohmann::ordered_json toJson(const RunSummary& run);

}  // namespace ternion::cli
