// The Vulkan backend: the whole forward pass in compute shaders.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "backend/backend.h"

namespace ternion {

struct VulkanOptions {
    bool validation = false;  ///< load the Khronos validation layer, if it is installed
    /// Called with every validation message (any thread). Tests fail on one.
    std::function<void(const std::string& message)> onValidationMessage;
};

/// Never fails: without a Vulkan loader or driver, devices() is one unusable entry that says what to install.
std::unique_ptr<Backend> makeVulkanBackend(const VulkanOptions& options = {});

}  // namespace ternion
