// From a folder or a file on disk to a Model, and back to a packed file.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/progress.h"
#include "base/result.h"
#include "model/model.h"
#include "tokenizer/tokenizer.h"

namespace ternion {

/// generation_config.json, as far as a sampler knows it; absent values stay unset.
struct GenerationDefaults {
    std::optional<float> temperature, topP, minP, repetitionPenalty;
    std::optional<int> topK;
};

/// Everything a checkpoint holds.
struct Checkpoint {
    std::shared_ptr<const Model> model;
    std::optional<TokenizerSource> tokenizer;
    std::string chatTemplateJinja;  ///< empty: a base model
    GenerationDefaults generation;
};

/// Opens a Hugging Face folder (config.json with model.safetensors, shards with an index, or pytorch_model.bin), a file inside
/// such a folder, or our GGUF. Weights are mapped and packed one tensor at a time: the peak is the packed model plus
/// one tensor. NotFound, Io, BadInput and Unsupported name file, tensor, what was expected and what was found; Cancelled.
/// Executes nothing that a checkpoint contains.
Result<Checkpoint> openCheckpoint(const std::filesystem::path& path, const Progress& progress = {});

/// The configuration alone, without reading weights.
Result<ModelConfig> readModelConfig(const std::filesystem::path& path);

struct PackedFileInfo {
    std::uint64_t bytes = 0;
    int tensors = 0;
};

enum class TritEncoding { TQ2_0, TQ1_0 };  ///< 2.06 and 1.69 bits a trit on disk; the same trits

/// Writes GGUF v3: trits and scales bit for bit, embeddings in their own type, tokenizer, template and defaults inside. Written
/// beside the target and renamed when complete: a full disk, an error or Cancelled leaves the old file as it was.
Result<PackedFileInfo> writeGguf(const Checkpoint& checkpoint, const std::filesystem::path& path, TritEncoding encoding,
                                 const Progress& progress = {});

}  // namespace ternion
