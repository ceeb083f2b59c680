// Reads pytorch_model.bin: a zip archive of one pickle and the tensors' bytes, as torch.save has written it since PyTorch 1.6.
#pragma once

#include "checkpoint/tensor_source.h"

namespace ternion {

/// Adds the tensors of one file; their bytes stay in the mapping. BadInput naming file and tensor, or what the pickle asked
/// for; Unsupported for the format before 1.6, compressed entries, big-endian files and tensors that are not contiguous.
Status readPytorchZip(const std::filesystem::path& path, TensorSource& source);

}  // namespace ternion
