// From named tensors to a Model.
#pragma once

#include "base/progress.h"
#include "checkpoint/tensor_source.h"
#include "model/model.h"

namespace ternion {

enum class SourceKind { Latent, Packed };  ///< as trained, or trits with their scales (GGUF)

/// Checks that `source` holds exactly the tensors that `config` (validated) asks for, then reads them one by one, giving back
/// the pages of each. BadInput names file, tensor, what was expected and what was found; OutOfMemory, Cancelled.
Result<Model> buildModel(const ModelConfig& config, SourceKind kind, const TensorSource& source, const Progress& progress);

}  // namespace ternion
