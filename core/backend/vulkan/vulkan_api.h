// The Vulkan functions that we call, found at run time: the program starts on a machine that has no Vulkan.
#pragma once

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan_core.h>

#include <functional>
#include <string>
#include <utility>

#include "base/result.h"

#ifndef VK_KHR_cooperative_matrix  // newer than the oldest headers that we build with
// NOLINTBEGIN(readability-identifier-naming): Vulkan's names
#define VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME "VK_KHR_cooperative_matrix"
inline constexpr auto VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR =
    static_cast<VkStructureType>(1000506000);
inline constexpr auto VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR = static_cast<VkStructureType>(1000506001);
struct VkCooperativeMatrixPropertiesKHR {
    VkStructureType sType;
    void* pNext;
    std::uint32_t MSize, NSize, KSize;
    VkComponentTypeNV AType, BType, CType, ResultType;
    VkBool32 saturatingAccumulation;
    VkScopeNV scope;
};
using PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR = VkResult(VKAPI_PTR*)(VkPhysicalDevice, std::uint32_t*,
                                                                                   VkCooperativeMatrixPropertiesKHR*);
// NOLINTEND(readability-identifier-naming)
#endif

#define TERNION_VULKAN_GLOBAL(apply) \
    apply(vkCreateInstance) apply(vkEnumerateInstanceVersion) apply(vkEnumerateInstanceLayerProperties)

#define TERNION_VULKAN_INSTANCE(apply)                                                                                        \
    apply(vkDestroyInstance) apply(vkEnumeratePhysicalDevices) apply(vkGetPhysicalDeviceProperties2)                          \
        apply(vkGetPhysicalDeviceFeatures2) apply(vkGetPhysicalDeviceMemoryProperties2)                                       \
            apply(vkGetPhysicalDeviceQueueFamilyProperties) apply(vkEnumerateDeviceExtensionProperties) apply(vkCreateDevice) \
                apply(vkGetDeviceProcAddr) apply(vkGetPhysicalDeviceCooperativeMatrixPropertiesNV)                            \
                    apply(vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR)

#define TERNION_VULKAN_DEVICE(apply)                                                                                         \
    apply(vkDestroyDevice) apply(vkDeviceWaitIdle) apply(vkGetDeviceQueue) apply(vkCreateBuffer) apply(vkDestroyBuffer)      \
        apply(vkGetBufferMemoryRequirements) apply(vkGetBufferDeviceAddress) apply(vkAllocateMemory) apply(vkFreeMemory)     \
            apply(vkBindBufferMemory) apply(vkMapMemory) apply(vkCreateShaderModule) apply(vkDestroyShaderModule)            \
                apply(vkCreatePipelineLayout) apply(vkDestroyPipelineLayout) apply(vkCreateComputePipelines)                 \
                    apply(vkCreateQueryPool) apply(vkDestroyQueryPool) apply(vkCmdResetQueryPool) apply(vkCmdWriteTimestamp) \
                        apply(vkGetQueryPoolResults) apply(vkCreatePipelineCache) apply(vkDestroyPipelineCache)              \
                            apply(vkGetPipelineCacheData) apply(vkDestroyPipeline) apply(vkCreateCommandPool)                \
                                apply(vkDestroyCommandPool) apply(vkAllocateCommandBuffers) apply(vkFreeCommandBuffers)      \
                                    apply(vkBeginCommandBuffer) apply(vkEndCommandBuffer) apply(vkCmdBindPipeline)           \
                                        apply(vkCmdPushConstants) apply(vkCmdDispatch) apply(vkCmdPipelineBarrier)           \
                                            apply(vkCmdCopyBuffer) apply(vkCmdFillBuffer) apply(vkCreateFence)               \
                                                apply(vkDestroyFence) apply(vkResetFences) apply(vkWaitForFences)            \
                                                    apply(vkQueueSubmit)

namespace ternion::vulkan {

/// Function pointers of one instance and, once its device is made, of that device.
struct Api {
#define TERNION_DECLARE(name) PFN_##name name = nullptr;
    TERNION_VULKAN_GLOBAL(TERNION_DECLARE)
    TERNION_VULKAN_INSTANCE(TERNION_DECLARE)
    TERNION_VULKAN_DEVICE(TERNION_DECLARE)
#undef TERNION_DECLARE
    PFN_vkGetInstanceProcAddr vkGetInstanceProcAddr = nullptr;

    /// Opens libvulkan and finds the global functions. DeviceUnavailable where the library is missing. It stays loaded.
    static Result<Api> load();
    void loadInstance(VkInstance instance);
    void loadDevice(VkDevice device);
};

/// Owns a Vulkan handle. Move-only.
template <class Handle>
class Owned {
public:
    Owned() = default;
    Owned(Handle handle, std::function<void(Handle)> destroy) : handle_(handle), destroy_(std::move(destroy)) {}
    Owned(Owned&& other) noexcept { swap(other); }
    Owned& operator=(Owned&& other) noexcept {
        Owned(std::move(other)).swap(*this);
        return *this;
    }
    Owned(const Owned&) = delete;
    Owned& operator=(const Owned&) = delete;
    ~Owned() {
        if (handle_ != VK_NULL_HANDLE) destroy_(handle_);
    }
    Handle get() const { return handle_; }
    explicit operator bool() const { return handle_ != VK_NULL_HANDLE; }

private:
    void swap(Owned& other) noexcept {
        std::swap(handle_, other.handle_);
        std::swap(destroy_, other.destroy_);
    }
    Handle handle_ = VK_NULL_HANDLE;
    std::function<void(Handle)> destroy_;
};

/// Success, or an error that says what failed, and what can be done where that is known.
Status check(VkResult result, const char* what);

}  // namespace ternion::vulkan
