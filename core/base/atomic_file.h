// A file that appears under its name only when it is complete.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "base/result.h"

namespace ternion {

/// Written beside the target under a name of its own, then synced to the disk and renamed by commit(). Without commit() the
/// target stays as it was and nothing is left behind. Move-only; one thread.
class AtomicFile {
public:
    enum class Readers { AsUsual, UserAlone };
    /// Io with the system's reason; also where the target is there and is no regular file. UserAlone: mode 0600.
    static Result<AtomicFile> create(const std::filesystem::path& target, Readers readers = Readers::AsUsual);
    /// A file with this text.
    static Status writeText(const std::filesystem::path& target, std::string_view text);
    AtomicFile(AtomicFile&& other) noexcept;
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;
    AtomicFile& operator=(AtomicFile&&) = delete;
    ~AtomicFile();

    /// Io with the system's reason: a full disk, for one.
    Status write(std::uint64_t offset, std::span<const std::byte> bytes);
    Status commit();

private:
    AtomicFile() = default;
    std::filesystem::path target_;
    std::filesystem::path partial_;
    int descriptor_ = -1;
};

}  // namespace ternion
