// Writes float tensors as a safetensors file, piece by piece.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/result.h"

namespace ternion {

/// The shapes are given first; values may then be written in any order and never have to be in memory all at once. The file
/// appears under its name when finish() succeeds (base/atomic_file.h).
class SafetensorsWriter {
public:
    struct Tensor {
        std::string name;
        std::vector<std::int64_t> shape;
    };

    /// Io with the system's reason.
    static Result<SafetensorsWriter> create(const std::filesystem::path& path, const std::vector<Tensor>& tensors);

    /// Values `first`, first + 1, ... of tensor `tensor` (an index into what create() was given).
    Status write(std::size_t tensor, std::int64_t first, std::span<const float> values);
    Status finish() { return file_.commit(); }

private:
    SafetensorsWriter(AtomicFile file, std::vector<std::uint64_t> offsets)
        : file_(std::move(file)), offsets_(std::move(offsets)) {}
    AtomicFile file_;
    std::vector<std::uint64_t> offsets_;  // in the file, in bytes
};

}  // namespace ternion
