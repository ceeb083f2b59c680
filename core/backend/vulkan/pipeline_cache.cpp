#include "backend/vulkan/pipeline_cache.h"

#include <cstring>

namespace ternion::vulkan {
namespace {

constexpr FileKind kind{'T', 'R', 'N', 'P', 'I', 'P', 'E', '1'};

/// How the driver's data begins (VkPipelineCacheHeaderVersionOne).
struct DriverHeader {
    std::uint32_t size, version, vendor, device;
    std::array<std::uint8_t, 16> uuid;
};

bool isFrom(std::span<const std::byte> data, const DeviceKey& key) {
    DriverHeader header{};
    if (data.size() < sizeof header) return false;
    std::memcpy(&header, data.data(), sizeof header);
    return header.size == sizeof header && header.version == 1 && header.vendor == key.vendor && header.device == key.device &&
           header.uuid == key.uuid;
}

std::filesystem::path pathIn(const std::filesystem::path& folder, const DeviceKey& key) {
    return folder / key.fileName("pipelines");
}

}  // namespace

std::vector<std::byte> loadPipelineCache(const std::filesystem::path& folder, const DeviceKey& key) {
    auto data = loadKept(pathIn(folder, key), kind);
    if (!isFrom(data, key)) data.clear();
    return data;
}

Status savePipelineCache(const std::filesystem::path& folder, const DeviceKey& key, std::span<const std::byte> data) {
    if (!isFrom(data, key)) return {};  // loading would not take it
    return saveKept(pathIn(folder, key), kind, data);
}

Owned<VkPipelineCache> makePipelineCache(const Api& api, VkDevice device, std::vector<std::byte>& data) {
    VkPipelineCache cache = VK_NULL_HANDLE;
    const auto make = [&] {
        const VkPipelineCacheCreateInfo info{VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO, nullptr, 0, data.size(),
                                             data.data()};
        return api.vkCreatePipelineCache(device, &info, nullptr, &cache) == VK_SUCCESS;
    };
    if (!make()) {
        data.clear();
        if (!make()) return {};
    }
    return {cache, [&api, device](VkPipelineCache c) { api.vkDestroyPipelineCache(device, c, nullptr); }};
}

}  // namespace ternion::vulkan
