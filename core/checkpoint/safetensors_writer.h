// Writes float tensors as a safetensors file, piece by piece.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace ternion {

/// The shapes are given first; values may then be written in any order and never have to be in memory all at once. The file
/// appears under its name when finish() succeeds; until then it has ".part" behind it, and is removed if it is never finished.
class SafetensorsWriter {
public:
    struct Tensor {
        std::string name;
        std::vector<std::int64_t> shape;
    };

    /// Io with the system's reason.
    static Result<SafetensorsWriter> create(const std::filesystem::path& path, const std::vector<Tensor>& tensors);
    SafetensorsWriter(SafetensorsWriter&&) = default;
    SafetensorsWriter& operator=(SafetensorsWriter&&) = default;
    ~SafetensorsWriter();

    /// Values `first`, first + 1, ... of tensor `tensor` (an index into what create() was given).
    Status write(std::size_t tensor, std::int64_t first, std::span<const float> values);
    Status finish();

private:
    SafetensorsWriter() = default;
    std::filesystem::path path_;
    std::ofstream file_;
    std::vector<std::int64_t> offsets_;  // in the file, in bytes
};

}  // namespace ternion
