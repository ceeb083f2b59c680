// The part of Python's pickle language in which torch.save writes a dictionary of tensors. Nothing is ever executed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ternion {

/// One entry of the dictionary: a view of a storage, which is a file of numbers in the same archive.
struct PickledTensor {
    std::string name;
    std::string storageType;  ///< "torch.HalfStorage"
    std::string storageKey;   ///< "0": the archive's data/0
    std::int64_t storageCount = 0;
    std::int64_t offset = 0;  ///< of the first element, in elements
    std::vector<std::int64_t> shape;
    std::vector<std::int64_t> strides;  ///< in elements; as many as extents
};

/// Runs a stack machine that knows plain values, collections.OrderedDict, torch._utils._rebuild_tensor_v2 and storages by
/// persistent id. BadInput naming any other function or class that the pickle asks for, or the byte where it breaks the rules.
/// Memory and time are linear in the pickle's length; numbers are as in the file, not checked for sense.
Result<std::vector<PickledTensor>> readTensorPickle(std::string_view pickle, const std::string& context);

}  // namespace ternion
