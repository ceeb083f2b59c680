// Cooperative matrices: int8 products on a device's matrix units, by either of the extensions that give them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "backend/vulkan/vulkan_api.h"

namespace ternion::vulkan {

/// The shape in which a subgroup multiplies int8 `[m, k]` by int8 `[k, n]` and adds int32 `[m, n]`, exactly.
struct CooperativeMatrix {
    std::uint32_t m = 0, n = 0, k = 0;
    std::uint32_t subgroupSize = 0;
    bool khr = false;  ///< by VK_KHR_cooperative_matrix, else by VK_NV_cooperative_matrix
};

/// What such a device can do, as asked of it, and as enabled when it is made. Stays where it is while its chain is in use.
class CooperativeMatrixFeatures {
public:
    /// Of a device that has the extension; asks for nothing yet. `next` follows in the chain.
    CooperativeMatrixFeatures(bool khr, void* next);
    CooperativeMatrixFeatures(const CooperativeMatrixFeatures&) = delete;
    CooperativeMatrixFeatures& operator=(const CooperativeMatrixFeatures&) = delete;

    void* chain() { return &matrix_; }
    bool complete() const {
        return int8_.shaderInt8 && memoryModel_.vulkanMemoryModel && memoryModel_.vulkanMemoryModelDeviceScope &&
               matrix_.cooperativeMatrix;
    }
    void enable();

private:
    VkPhysicalDeviceShaderFloat16Int8Features int8_{};
    VkPhysicalDeviceVulkanMemoryModelFeatures memoryModel_{};
    VkPhysicalDeviceCooperativeMatrixFeaturesNV matrix_{};  // the KHR structure has the same fields
};

/// A shape that bit_linear_matrix can work with, if the device, which has the extension, has one.
std::optional<CooperativeMatrix> findCooperativeMatrix(const Api& api, VkPhysicalDevice device, bool khr);

/// A module that says SPV_NV_cooperative_matrix, which the GLSL compiler can spell, in words of SPV_KHR_cooperative_matrix. It
/// tells A's type from B's by its rows, which are the int32 matrix' too. Any other module is returned as it is.
std::vector<std::uint32_t> khrCooperativeMatrix(std::span<const std::uint32_t> words);

}  // namespace ternion::vulkan
