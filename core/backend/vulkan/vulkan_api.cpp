#include "backend/vulkan/vulkan_api.h"

#include <dlfcn.h>

namespace ternion::vulkan {

Result<Api> Api::load() {
    void* library = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr)
        return Error{ErrorCode::DeviceUnavailable,
                     "Vulkan is not installed; install your GPU's driver and the package libvulkan1", "libvulkan.so.1"};
    Api api;
    api.vkGetInstanceProcAddr = reinterpret_cast<PFN_vkGetInstanceProcAddr>(dlsym(library, "vkGetInstanceProcAddr"));
    if (api.vkGetInstanceProcAddr == nullptr)
        return Error{ErrorCode::DeviceUnavailable, "this is no Vulkan loader; reinstall the package libvulkan1",
                     "libvulkan.so.1"};
#define TERNION_LOAD(name) api.name = reinterpret_cast<PFN_##name>(api.vkGetInstanceProcAddr(nullptr, #name));
    TERNION_VULKAN_GLOBAL(TERNION_LOAD)
#undef TERNION_LOAD
    if (api.vkEnumerateInstanceVersion == nullptr)
        return Error{ErrorCode::DeviceUnavailable, "the Vulkan loader is too old; version 1.2 or newer is needed",
                     "libvulkan.so.1"};
    return api;
}

void Api::loadInstance(VkInstance instance) {
#define TERNION_LOAD(name) name = reinterpret_cast<PFN_##name>(vkGetInstanceProcAddr(instance, #name));
    TERNION_VULKAN_INSTANCE(TERNION_LOAD)
#undef TERNION_LOAD
}

void Api::loadDevice(VkDevice device) {
#define TERNION_LOAD(name) name = reinterpret_cast<PFN_##name>(vkGetDeviceProcAddr(device, #name));
    TERNION_VULKAN_DEVICE(TERNION_LOAD)
#undef TERNION_LOAD
}

Status check(VkResult result, const char* what) {
    const auto failed = [&](ErrorCode code, const std::string& why) { return Error{code, why, what}; };
    switch (result) {
        case VK_SUCCESS:
            return {};
        case VK_ERROR_OUT_OF_HOST_MEMORY:
            return failed(ErrorCode::OutOfMemory, "the system has no memory left; close other programs");
        case VK_ERROR_OUT_OF_DEVICE_MEMORY:
            return failed(ErrorCode::DeviceOutOfMemory,
                          "the device has no memory left; close other programs that use it, or choose another device");
        case VK_ERROR_DEVICE_LOST:
            return failed(ErrorCode::DeviceLost,
                          "the device stopped answering; choose another one to go on, the conversation is kept");
        default:
            return failed(ErrorCode::DeviceUnavailable,
                          "the driver refused with code " + std::to_string(result) + "; updating it may help");
    }
}

}  // namespace ternion::vulkan
