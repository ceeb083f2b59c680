// The weights of a checkpoint as they were trained, beside the trits that were made of them.
#pragma once

#include "checkpoint/tensor_source.h"

namespace ternion {

/// The tensors of what openCheckpoint() opens, mapped and not read: sizes and places are checked, names and shapes are the
/// file's. Unsupported for a GGUF file, which holds trits alone; else as openCheckpoint().
Result<TensorSource> openLatentTensors(const std::filesystem::path& path);

}  // namespace ternion
