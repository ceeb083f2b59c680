// The compiled kernels, embedded.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace ternion::shaders {

struct Kernel {
    std::string_view name;
    std::span<const std::uint32_t> words;  ///< SPIR-V
};
/// All there are. Static storage.
std::span<const Kernel> all();

/// SPIR-V words of `name`.comp; empty if there is no such kernel. Static storage.
std::span<const std::uint32_t> find(std::string_view name);

}  // namespace ternion::shaders
