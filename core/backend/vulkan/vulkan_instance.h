// The connection to the Vulkan loader, and the physical devices behind it.
#pragma once

#include <memory>
#include <vector>

#include "backend/backend.h"
#include "backend/vulkan/cooperative_matrix.h"
#include "backend/vulkan/kept_file.h"
#include "backend/vulkan/vulkan_api.h"
#include "backend/vulkan/vulkan_backend.h"

namespace ternion::vulkan {

/// What we need to know of a device before and while using it.
struct PhysicalDevice {
    VkPhysicalDevice handle = VK_NULL_HANDLE;
    DeviceInfo info;
    std::uint32_t queueFamily = 0;
    bool packedDot = false;              ///< packed 8-bit dot products (VK_KHR_shader_integer_dot_product)
    bool packedDotFast = false;          ///< in hardware
    bool packedMixedDot = false;         ///< of signed bytes with unsigned ones
    bool packedMixedDotFast = false;     ///< in hardware
    bool packedDotExtension = false;     ///< by extension: before Vulkan 1.3
    bool int64 = false;                  ///< integers of 64 bits (shaderInt64)
    bool memoryBudget = false;           ///< VK_EXT_memory_budget
    std::uint32_t subgroupSize = 1;      ///< invocations in a row that can shuffle values; 1: they cannot
    bool subgroupSizeControl = false;    ///< that size can be asked for (VK_EXT_subgroup_size_control)
    bool subgroupSizeExtension = false;  ///< by extension: before Vulkan 1.3
    std::uint32_t leastSubgroupSize = 0, mostSubgroupSize = 0;
    std::optional<CooperativeMatrix> matrix;     ///< the one that is used
    std::optional<CooperativeMatrix> khrMatrix;  ///< what the KHR's extension has
    bool memoryModel = false;                    ///< Vulkan's, across the device, and int8 arithmetic
    bool exchange = false;                       ///< with it: subgroups that reduce, scalar layouts
    std::uint32_t timestampBits = 0;             ///< of the queue's clock; 0: it has none
    std::uint32_t computeUnits = 0;              ///< that run a workgroup each at once; 0: not known
    VkPhysicalDeviceLimits limits{};
    VkDeviceSize maxAllocation = 0;
    VkPhysicalDeviceMemoryProperties memory{};
    VkDeviceSize memoryLimit = 0;  ///< bytes to use at most; 0: all there is
    VulkanPaths paths;
    DeviceKey key;

    /// Narrows what it has to what `wanted` allows.
    void choose(const VulkanPaths& wanted);
    /// Whether models in two bits are decoded by decode_token, where their shape allows it.
    bool persists() const;
};

/// Thread-safe once made. Shared by the devices made from it.
class Instance {
public:
    /// DeviceUnavailable, saying what to install.
    static Result<std::shared_ptr<const Instance>> create(const VulkanOptions& options);
    ~Instance();
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    const Api& api() const { return api_; }
    const std::vector<PhysicalDevice>& devices() const { return devices_; }
    const VulkanOptions& options() const { return options_; }

private:
    Instance() = default;
    Status findDevices();

    Api api_;
    VkInstance instance_ = VK_NULL_HANDLE;
    VkDebugUtilsMessengerEXT messenger_ = VK_NULL_HANDLE;
    VulkanOptions options_;
    std::vector<PhysicalDevice> devices_;
};

}  // namespace ternion::vulkan
