// The files in which the kernel tells numbers: /proc and /sys.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace ternion {

/// Such a file as it is now: its size is not known before it is read. Io with the system's reason.
Result<std::string> readSystemFile(const std::filesystem::path& path);

/// A file that holds one whole number, not below 0. Io where it holds anything else.
Result<std::uint64_t> readSystemNumber(const std::filesystem::path& path);

}  // namespace ternion
