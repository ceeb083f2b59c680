// The Vulkan backend: the whole forward pass in compute shaders.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "backend/backend.h"

namespace ternion {

struct VulkanOptions {
    std::uint64_t memoryLimit = 0;  ///< bytes of device memory to use at most; 0: all there is
    bool validation = false;        ///< load the Khronos validation layer, if it is installed
    /// Called with every validation message (any thread). Tests fail on one.
    std::function<void(const std::string& message)> onValidationMessage;
};

/// Never fails: without a Vulkan loader or driver, devices() is one unusable entry that says what to install.
std::unique_ptr<Backend> makeVulkanBackend(const VulkanOptions& options = {});

}  // namespace ternion
