// Which shapes of the product's kernels, and which packing, are the fastest on a device: tried once, then kept in a file.
#pragma once

#include <span>

#include "backend/vulkan/vulkan_device.h"

namespace ternion::vulkan {

/// The shapes that one packing takes.
struct ProductTuning {
    ProductShape one;      ///< for one token
    ProductShape several;  ///< for more, `tokens` at a time
    double seconds = 0.0;  ///< what the tried products took for one token; 0: nothing was tried
};

/// What there is to choose from; the first is for a device that nothing has been tried on.
std::span<const ProductShape> shapesFor(const PhysicalDevice& device, bool several);

/// Kept for the device and its driver; else tried now, for a fraction of a second, and kept. The first shapes where
/// VulkanPaths::tune does not allow that, where the device has no clock or too little memory, or anything fails: log() tells
/// then. Whatever VulkanPaths::shape names is as it says.
ProductTuning productTuning(Device& device, Packing packing);

/// The packing that decodes faster: TwoBit where it alone has decode_token or matrix units, else by the tuning.
Packing fasterPacking(Device& device);

}  // namespace ternion::vulkan
