// config.json and generation_config.json of a Hugging Face folder.
#pragma once

#include <filesystem>

#include "checkpoint/checkpoint.h"
#include "model/model_config.h"

namespace ternion {

/// NotFound, Io; BadInput naming the field, its value and what was expected; Unsupported naming an architecture or a setting
/// that would change the arithmetic and that we do not implement.
Result<ModelConfig> readConfigJson(const std::filesystem::path& path);

/// The defaults of a file that need not exist. BadInput naming the field.
Result<GenerationDefaults> readGenerationConfig(const std::filesystem::path& path);

}  // namespace ternion
