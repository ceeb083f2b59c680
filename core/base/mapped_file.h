// A file seen as memory, read only.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <stop_token>
#include <utility>

#include "base/result.h"

namespace ternion {

/// Maps a whole regular file. Move-only; the span is valid while the object lives. Safe to read from several threads.
class MappedFile {
public:
    MappedFile() = default;
    MappedFile(MappedFile&& other) noexcept { std::swap(bytes_, other.bytes_); }
    MappedFile& operator=(MappedFile&& other) noexcept {
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;
    ~MappedFile();

    /// NotFound, or Io with the system's reason. An empty file maps to an empty span.
    static Result<MappedFile> open(const std::filesystem::path& path);

    std::span<const std::byte> bytes() const { return bytes_; }

    /// Has all of it read from the disk, so that this goes on while the first parts are being used. Takes as long as the disk.
    void readAhead(const std::stop_token& stop) const;
    /// Tells the kernel that a part has been used up and need not stay in memory.
    void release(std::size_t offset, std::size_t length) const;

private:
    std::span<const std::byte> bytes_;
};

/// Reads a whole text file of at most `limit` bytes. NotFound, Io, or BadInput when it is larger.
Result<std::string> readTextFile(const std::filesystem::path& path, std::size_t limit);

}  // namespace ternion
