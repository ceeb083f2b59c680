// Named tensors in mapped files: what every checkpoint reader gives, whatever the format.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/float_type.h"
#include "base/mapped_file.h"
#include "base/result.h"

namespace ternion {

/// Latent weights in floating point, or packed trits as ggml lays them out.
enum class StoredType : std::uint8_t { F32, F16, BF16, TQ2_0, TQ1_0 };

std::string_view nameOf(StoredType type);
/// Nothing for packed trits.
std::optional<FloatType> asFloat(StoredType type);
/// Bytes of a tensor of this shape; nothing where an extent is negative, the product overflows, or a packed row (the last
/// extent) is no whole number of blocks.
std::optional<std::size_t> storedSize(StoredType type, std::span<const std::int64_t> shape);
/// "[512, 256]"
std::string toText(std::span<const std::int64_t> shape);

struct StoredTensor {
    StoredType type = StoredType::F32;
    std::vector<std::int64_t> shape;   ///< row-major, contiguous
    std::span<const std::byte> bytes;  ///< in the mapping: read from disk when touched; at any alignment
    std::size_t file = 0;              ///< which of the source's files
};

/// The tensors of one checkpoint and the mappings they lie in. Filled by a reader, then only read. Move-only.
class TensorSource {
public:
    /// Takes a mapping over; the number is what StoredTensor::file holds.
    std::size_t addFile(std::filesystem::path path, MappedFile file);
    /// `offset` and the tensor's size lie in the file. BadInput where they do not, where the shape makes no sense, or where the
    /// name is taken: file and tensor are named.
    Status add(const std::string& name, StoredType type, std::vector<std::int64_t> shape, std::size_t file,
               std::uint64_t offset);

    const std::map<std::string, StoredTensor, std::less<>>& tensors() const { return tensors_; }
    const StoredTensor* find(std::string_view name) const;
    std::span<const std::byte> fileBytes(std::size_t file) const { return files_[file].mapping.bytes(); }
    /// "FILE, tensor NAME" for an error; the first file where the tensor is in none.
    std::string context(std::string_view name) const;
    /// Has all files read from the disk, beside what the caller does, while the result lives; the source must live as long.
    [[nodiscard]] std::jthread readAhead() const;
    /// The tensor has been read for the last time: its pages need not stay in memory.
    void release(const StoredTensor& tensor) const;

private:
    struct File {
        std::filesystem::path path;
        MappedFile mapping;
    };
    std::vector<File> files_;
    std::map<std::string, StoredTensor, std::less<>> tensors_;
};

}  // namespace ternion
