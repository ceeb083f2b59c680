// Opens the packed models that writeGguf() writes.
#pragma once

#include "checkpoint/checkpoint.h"

namespace ternion {

/// Errors as openCheckpoint.
Result<Checkpoint> openGguf(const std::filesystem::path& path, const Progress& progress);

/// The configuration alone; no weight is read.
Result<ModelConfig> readGgufConfig(const std::filesystem::path& path);

}  // namespace ternion
