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

/// What such a device is asked, or made with. The KHR structure has the same fields.
VkPhysicalDeviceCooperativeMatrixFeaturesNV cooperativeMatrixFeatures(bool khr, VkBool32 enabled);

/// A shape that bit_linear_matrix can work with, if the device, which has the extension, has one.
std::optional<CooperativeMatrix> findCooperativeMatrix(const Api& api, VkPhysicalDevice device, bool khr);

/// A module that says SPV_NV_cooperative_matrix, which the GLSL compiler can spell, in words of SPV_KHR_cooperative_matrix. Its
/// constants are frozen before, for what freezes them need not know the KHR's words; `built` is the module as it was then, in
/// which A's type is told from B's by its rows, which are the int32 matrix' too. Any other module is returned as it is.
std::vector<std::uint32_t> khrCooperativeMatrix(std::span<const std::uint32_t> frozen, std::span<const std::uint32_t> built);

}  // namespace ternion::vulkan
