// A zip archive as named texts: small archives of ours, read as if an enemy had made them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapped_file.h"
#include "base/result.h"

struct zip;

namespace ternion {

struct ZipEntry {
    std::string name, bytes;
};

/// The archive, in memory. Names are all different.
Result<std::vector<std::byte>> zipOf(const std::vector<ZipEntry>& entries);

struct ZipLimits {
    std::size_t entries = 0;
    std::uint64_t bytes = 0;  ///< of all entries, unpacked
};

/// An archive on disk. Names are only compared, never used as paths. One thread.
class ZipReader {
public:
    /// BadInput for what is no zip archive, is beyond the limits or has two entries of one name, is encrypted or packed in a
    /// way of its own; NotFound, Io.
    static Result<ZipReader> open(const std::filesystem::path& path, const ZipLimits& limits);

    /// Sizes by name, as the archive claims.
    const std::map<std::string, std::uint64_t>& sizes() const { return sizes_; }
    /// As many bytes as the archive claims. BadInput where there are more or fewer, or they are damaged, or it is longer than
    /// `most`, or there is no such entry.
    Result<std::string> read(const std::string& name, std::uint64_t most) const;

private:
    struct Discard {
        void operator()(zip* archive) const;
    };
    ZipReader() = default;
    Error bad(const std::string& entry, const std::string& why) const;

    MappedFile file_;  // before archive_, which reads it
    std::string path_;
    std::unique_ptr<zip, Discard> archive_;
    std::map<std::string, std::uint64_t> sizes_;
};

}  // namespace ternion
