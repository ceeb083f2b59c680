// A model as Hugging Face's libraries save it: a folder of configuration, weights and tokenizer.
#pragma once

#include "checkpoint/checkpoint.h"
#include "checkpoint/tensor_source.h"

namespace ternion {

/// `weights` is the file to read (safetensors, PyTorch zip, or an index of either); empty: the first that is there, in the
/// order model.safetensors, its index, pytorch_model.bin, its index. Errors as openCheckpoint.
Result<Checkpoint> openHuggingFaceFolder(const std::filesystem::path& folder, const std::filesystem::path& weights,
                                         const Progress& progress);

/// Its tensors alone, mapped and not read.
Result<TensorSource> readTensors(const std::filesystem::path& folder, const std::filesystem::path& weights);

}  // namespace ternion
