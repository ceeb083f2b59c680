// Files that spare the next start some work, for the user alone. What is damaged, or another device's, counts as none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ternion::vulkan {

/// A device and its driver: VkPhysicalDeviceProperties' fields.
struct DeviceKey {
    std::uint32_t vendor = 0, device = 0, driver = 0;
    std::array<std::uint8_t, 16> uuid{};

    std::string fileName(std::string_view what) const;
};

/// Eight characters at the beginning of a file: what it holds, in which version.
using FileKind = std::array<char, 8>;

/// What was saved; empty where there is nothing, or its kind, its length or its checksum is wrong.
std::vector<std::byte> loadKept(const std::filesystem::path& path, const FileKind& kind);

/// Replaces the file at once. Makes its folder. Io.
Status saveKept(const std::filesystem::path& path, const FileKind& kind, std::span<const std::byte> data);

}  // namespace ternion::vulkan
