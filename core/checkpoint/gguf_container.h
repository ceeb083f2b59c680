// The GGUF container, version 3: typed metadata and aligned tensors (ggml's docs/gguf.md).
#pragma once

#include <nlohmann/json.hpp>

#include "checkpoint/tensor_source.h"

namespace ternion {

inline constexpr std::string_view ggufMagic = "GGUF";
inline constexpr std::uint32_t ggufVersion = 3;
inline constexpr std::uint64_t ggufAlignment = 32;

enum class GgufValueType : std::uint32_t { U8, I8, U16, I16, U32, I32, F32, Bool, String, Array, U64, I64, F64 };

/// ggml's number of a tensor type.
std::uint32_t ggmlNumber(StoredType type);

// NOLINTNEXTLINE(bugprone-exception-escape): the JSON library's move constructor does not throw
struct GgufFile {
    /// An object of all metadata: numbers, booleans, texts; arrays of bytes as text of those bytes; other arrays are null.
    nlohmann::json metadata;
    TensorSource tensors;
};

/// Checks every count, length, offset and size. Weights stay unread in the mapping. NotFound, Io; BadInput naming the file, and
/// the key or tensor; Unsupported for another version, or a tensor type that a model of ours never has.
Result<GgufFile> readGgufContainer(const std::filesystem::path& path);

}  // namespace ternion
