// Reads safetensors files: a length, a JSON header with name, type, shape and place of each tensor, then their bytes.
#pragma once

#include "checkpoint/tensor_source.h"

namespace ternion {

/// Adds the tensors of one file. BadInput, naming file and tensor, unless they fill the file without gap or overlap.
Status readSafetensors(const std::filesystem::path& path, TensorSource& source);

}  // namespace ternion
