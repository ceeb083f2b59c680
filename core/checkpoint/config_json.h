// config.json and generation_config.json of a Hugging Face folder.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>

#include "checkpoint/checkpoint.h"
#include "model/model_config.h"

namespace ternion {

/// The fields as config.json and generation_config.json have them; null is as good as absent. `context` names where they are
/// from. Errors as below.
Result<ModelConfig> parseConfig(nlohmann::json fields, const std::string& context);
Result<GenerationDefaults> parseGeneration(nlohmann::json fields, const std::string& context);

/// And back: what the parsers above read.
nlohmann::ordered_json toFields(const ModelConfig& config);
nlohmann::ordered_json toFields(const GenerationDefaults& defaults);

/// NotFound, Io; BadInput naming the field, its value and what was expected; Unsupported naming an architecture or a setting
/// that would change the arithmetic and that we do not implement.
Result<ModelConfig> readConfigJson(const std::filesystem::path& path);

/// The defaults of a file that need not exist. BadInput naming the field.
Result<GenerationDefaults> readGenerationConfig(const std::filesystem::path& path);

}  // namespace ternion
