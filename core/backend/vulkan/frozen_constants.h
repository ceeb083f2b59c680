// Specialization constants made ordinary ones before a driver sees them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ternion::vulkan {

/// The module with its specialization constants 0, 1, 2, ... fixed to `constants` and all that follows from them computed.
/// Drivers keep an array whose length is a specialization constant in memory, not in registers: decode on an H100 is 1.6 times
/// faster without. Empty where the module is not valid.
std::vector<std::uint32_t> withFrozenConstants(std::span<const std::uint32_t> module, std::span<const std::uint32_t> constants);

}  // namespace ternion::vulkan
