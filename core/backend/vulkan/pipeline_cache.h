// What a driver has compiled, kept on disk: a file a device and driver.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "backend/vulkan/kept_file.h"
#include "backend/vulkan/vulkan_api.h"
#include "base/result.h"

namespace ternion::vulkan {

/// What was kept for `key`; empty where there is nothing, or anything about it is wrong, up to the header by which Vulkan tells
/// a driver's data from another's.
std::vector<std::byte> loadPipelineCache(const std::filesystem::path& folder, const DeviceKey& key);

/// Replaces it. Io.
Status savePipelineCache(const std::filesystem::path& folder, const DeviceKey& key, std::span<const std::byte> data);

/// A cache that begins with `data`. A driver that refuses that is given none, and `data` is emptied; the result is without a
/// handle where it makes no cache at all. Outlived by `api` and `device`.
Owned<VkPipelineCache> makePipelineCache(const Api& api, VkDevice device, std::vector<std::byte>& data);

}  // namespace ternion::vulkan
