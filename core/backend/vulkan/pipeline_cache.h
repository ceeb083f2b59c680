// What a driver has compiled, kept on disk: a file a device and driver. A damaged or foreign file counts as none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "backend/vulkan/vulkan_api.h"
#include "base/result.h"

namespace ternion::vulkan {

/// Whose compiled kernels they are: VkPhysicalDeviceProperties' fields.
struct PipelineCacheKey {
    std::uint32_t vendor = 0, device = 0, driver = 0;
    std::array<std::uint8_t, 16> uuid{};

    std::string fileName() const;
};

/// What was kept for `key`; empty where there is nothing, or anything about it is wrong: its length, its checksum, or the
/// header by which Vulkan tells a driver's data from another's.
std::vector<std::byte> loadPipelineCache(const std::filesystem::path& folder, const PipelineCacheKey& key);

/// Replaces it at once. File and folder, which it makes, are for the user alone. Io.
Status savePipelineCache(const std::filesystem::path& folder, const PipelineCacheKey& key, std::span<const std::byte> data);

/// A cache that begins with `data`. A driver that refuses that is given none, and `data` is emptied; the result is without a
/// handle where it makes no cache at all. Outlived by `api` and `device`.
Owned<VkPipelineCache> makePipelineCache(const Api& api, VkDevice device, std::vector<std::byte>& data);

}  // namespace ternion::vulkan
