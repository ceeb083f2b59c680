// What bounds a pass of either profile.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ternion::vulkan {

/// Device memory that a pass may work in; it bounds the tokens of a submission.
constexpr std::size_t scratchBytes = std::size_t{40} << 20;
constexpr std::size_t denseScratchBytes = std::size_t{8} << 20;  ///< who packs densely is short of memory
constexpr std::uint32_t mostHeadTokens = 8;

// Channels of a workgroup.
constexpr std::uint32_t mlgruChannels = 32;
constexpr std::uint32_t elementChannels = 64;  ///< of edit, glu and add

constexpr std::size_t sizeOf(int extent) { return static_cast<std::size_t>(extent); }

}  // namespace ternion::vulkan
