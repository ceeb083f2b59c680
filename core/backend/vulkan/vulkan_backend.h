// The Vulkan backend: the whole forward pass in compute shaders.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "backend/backend.h"

namespace ternion {

/// How a BitLinear's rows are spread over invocations; powers of two. 0: what suits the device.
struct ProductShape {
    std::uint32_t workgroup = 0;  ///< invocations, 256 at most
    std::uint32_t lanes = 0;      ///< invocations that share rows
    std::uint32_t rows = 0;       ///< rows that share one reading of the activations
    std::uint32_t tokens = 0;     ///< prefill: tokens that share one reading of the weights

    bool operator==(const ProductShape&) const = default;
};

/// Which of equal ways a device goes. For tests and experts: all give the same bits. On means: where the device can.
struct VulkanPaths {
    enum class Use : std::uint8_t { Auto, Off, On };
    Use packedDot = Use::Auto;   ///< packed 8-bit dot products
    Use shuffles = Use::Auto;    ///< reductions by subgroup shuffles, not in shared memory
    Use persistent = Use::Auto;  ///< decode as one dispatch a token
    Use khrMatrix = Use::Auto;   ///< the KHR's cooperative matrices even where NVIDIA's are there too
    Use int64 = Use::Auto;       ///< integers of 64 bits; off, there is no fixed profile
    /// Kernels' shapes by trying (product_tuning.h). Auto: on a GPU that has a cacheFolder to keep them in.
    Use tune = Use::Auto;
    std::uint32_t subgroupSize = 0;  ///< 0: the device's own
    std::uint32_t computeUnits = 0;  ///< workgroups that run at once; 0: as many as the device tells
    ProductShape shape = {};
};

struct VulkanOptions {
    std::uint64_t memoryLimit = 0;  ///< bytes of device memory to use at most; 0: all there is
    VulkanPaths paths = {};
    std::filesystem::path cacheFolder =
        {};  ///< keeps what drivers compile and which shapes are fast from one start to the next; empty: nothing is kept
    bool validation = false;  ///< load the Khronos validation layer, if it is installed
    /// Called with every validation message (any thread). Tests fail on one.
    std::function<void(const std::string& message)> onValidationMessage = {};
};

/// Never fails: without a Vulkan loader or driver, devices() is one unusable entry that says what to install.
std::unique_ptr<Backend> makeVulkanBackend(const VulkanOptions& options = {});

}  // namespace ternion
