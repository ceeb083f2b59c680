// What every run says of itself.
#pragma once

#include <string>

#include "backend/backend.h"
#include "store/run_records.h"

namespace ternion {

/// Facts of a run of `kind` on this device. `modelHash` is Model::hash(), which takes a while: empty computes it here. The
/// caller adds what it is asked to do.
RunFacts factsOf(std::string kind, const DeviceModel& device, std::string modelHash, std::string modelPath);

std::string_view nameOf(Packing packing);  ///< "2bit", "dense", "auto"

}  // namespace ternion
