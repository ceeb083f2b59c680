#include "backend/vulkan/vulkan_instance.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace ternion::vulkan {
namespace {

constexpr const char* validationLayer = "VK_LAYER_KHRONOS_validation";
constexpr std::uint32_t workgroupSize = 256;  // of the largest kernels (vulkan-shaders/README.md)
constexpr std::uint32_t pushConstantBytes = 128;

VKAPI_ATTR VkBool32 VKAPI_CALL onMessage(VkDebugUtilsMessageSeverityFlagBitsEXT, VkDebugUtilsMessageTypeFlagsEXT,
                                         const VkDebugUtilsMessengerCallbackDataEXT* data, void* options) {
    static_cast<const VulkanOptions*>(options)->onValidationMessage(data->pMessage);
    return VK_FALSE;
}

bool hasLayer(const Api& api, std::string_view name) {
    std::uint32_t count = 0;
    api.vkEnumerateInstanceLayerProperties(&count, nullptr);
    std::vector<VkLayerProperties> layers(count);
    api.vkEnumerateInstanceLayerProperties(&count, layers.data());
    return std::any_of(layers.begin(), layers.end(), [&](const auto& layer) { return name == layer.layerName; });
}

/// Why the device cannot be used; empty if it can.
std::string unusableBecause(const VkPhysicalDeviceProperties& properties, bool addresses, bool computeQueue) {
    if (properties.apiVersion < VK_API_VERSION_1_2) return "its driver is older than Vulkan 1.2; update it";
    if (!addresses) return "its driver lacks buffer device addresses; update it";
    if (!computeQueue) return "it has no compute queue";
    if (properties.limits.maxComputeWorkGroupInvocations < workgroupSize ||
        properties.limits.maxComputeWorkGroupSize[0] < workgroupSize)
        return "its workgroups are smaller than 256";
    if (properties.limits.maxPushConstantsSize < pushConstantBytes) return "its push constants are smaller than 128 bytes";
    return {};
}

/// How many workgroups surely run at once, where an extension tells.
template <class HasExtension>
std::uint32_t computeUnits(const Api& api, VkPhysicalDevice handle, const HasExtension& hasExtension) {
    if (hasExtension(VK_NV_SHADER_SM_BUILTINS_EXTENSION_NAME)) {
        VkPhysicalDeviceShaderSMBuiltinsPropertiesNV units{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_SM_BUILTINS_PROPERTIES_NV,
                                                           nullptr, 0, 0};
        VkPhysicalDeviceProperties2 properties{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, &units, {}};
        api.vkGetPhysicalDeviceProperties2(handle, &properties);
        return units.shaderSMCount;
    }
    if (hasExtension(VK_AMD_SHADER_CORE_PROPERTIES_EXTENSION_NAME)) {
        VkPhysicalDeviceShaderCorePropertiesAMD units{};
        units.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_CORE_PROPERTIES_AMD;
        VkPhysicalDeviceProperties2 properties{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, &units, {}};
        api.vkGetPhysicalDeviceProperties2(handle, &properties);
        return units.shaderEngineCount * units.shaderArraysPerEngineCount * units.computeUnitsPerShaderArray;
    }
    return 0;
}

PhysicalDevice describe(const Api& api, VkPhysicalDevice handle, int index) {
    PhysicalDevice device;
    device.handle = handle;

    VkPhysicalDeviceDriverProperties driver{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES, nullptr, {}, {}, {}, {}};
    VkPhysicalDeviceMaintenance3Properties allocation{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES, &driver, 0,
                                                      0};
    VkPhysicalDeviceSubgroupProperties subgroup{
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES, &allocation, 0, 0, 0, VK_FALSE};
    VkPhysicalDeviceProperties2 properties{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, &subgroup, {}};
    api.vkGetPhysicalDeviceProperties2(handle, &properties);
    device.limits = properties.properties.limits;
    device.key = {properties.properties.vendorID, properties.properties.deviceID, properties.properties.driverVersion, {}};
    std::copy_n(properties.properties.pipelineCacheUUID, device.key.uuid.size(), device.key.uuid.begin());
    device.maxAllocation = allocation.maxMemoryAllocationSize;

    std::uint32_t count = 0;
    api.vkEnumerateDeviceExtensionProperties(handle, nullptr, &count, nullptr);
    std::vector<VkExtensionProperties> extensions(count);
    api.vkEnumerateDeviceExtensionProperties(handle, nullptr, &count, extensions.data());
    const auto hasExtension = [&](std::string_view name) {
        return std::any_of(extensions.begin(), extensions.end(), [&](const auto& e) { return name == e.extensionName; });
    };
    device.memoryBudget = hasExtension(VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
    const bool version13 = properties.properties.apiVersion >= VK_API_VERSION_1_3;
    device.packedDotExtension = !version13 && hasExtension(VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME);

    device.subgroupSizeExtension = !version13 && hasExtension(VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME);

    VkPhysicalDeviceSubgroupSizeControlFeatures sizeControl{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES,
                                                            nullptr, VK_FALSE, VK_FALSE};
    VkPhysicalDeviceShaderIntegerDotProductFeatures dot{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES,
                                                        nullptr, VK_FALSE};
    VkPhysicalDeviceVulkan12Features core{};
    core.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
    // Each structure only where the device knows it.
    const auto append = [](auto& chain, auto& next) {
        next.pNext = chain.pNext;
        chain.pNext = &next;
    };
    if (device.packedDotExtension || version13) append(core, dot);
    if (device.subgroupSizeExtension || version13) append(core, sizeControl);
    VkPhysicalDeviceFeatures2 features{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, &core, {}};
    if (properties.properties.apiVersion >= VK_API_VERSION_1_2) api.vkGetPhysicalDeviceFeatures2(handle, &features);
    device.int64 = features.features.shaderInt64 == VK_TRUE;
    device.packedDot = dot.shaderIntegerDotProduct == VK_TRUE;
    if (device.packedDot) {
        VkPhysicalDeviceShaderIntegerDotProductProperties speed{};
        speed.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_PROPERTIES;
        VkPhysicalDeviceProperties2 more{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, &speed, {}};
        api.vkGetPhysicalDeviceProperties2(handle, &more);
        device.packedDotFast = speed.integerDotProduct4x8BitPackedSignedAccelerated == VK_TRUE;
        device.packedMixedDotFast = speed.integerDotProduct4x8BitPackedMixedSignednessAccelerated == VK_TRUE;
    }
    if ((subgroup.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT) != 0 &&
        (subgroup.supportedOperations & VK_SUBGROUP_FEATURE_SHUFFLE_BIT) != 0)
        device.subgroupSize = subgroup.subgroupSize;
    if (sizeControl.subgroupSizeControl == VK_TRUE && sizeControl.computeFullSubgroups == VK_TRUE) {
        VkPhysicalDeviceSubgroupSizeControlProperties sizes{
            VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES, nullptr, 0, 0, 0, 0};
        VkPhysicalDeviceProperties2 more{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, &sizes, {}};
        api.vkGetPhysicalDeviceProperties2(handle, &more);
        device.subgroupSizeControl = (sizes.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT) != 0;
        device.leastSubgroupSize = sizes.minSubgroupSize;
        device.mostSubgroupSize = sizes.maxSubgroupSize;
    }
    device.memoryModel =
        core.shaderInt8 == VK_TRUE && core.vulkanMemoryModel == VK_TRUE && core.vulkanMemoryModelDeviceScope == VK_TRUE;
    device.exchange = device.memoryModel && device.subgroupSize > 1 &&
                      (subgroup.supportedOperations & VK_SUBGROUP_FEATURE_ARITHMETIC_BIT) != 0 &&
                      (subgroup.supportedOperations & VK_SUBGROUP_FEATURE_VOTE_BIT) != 0 && core.scalarBlockLayout == VK_TRUE;
    device.computeUnits = computeUnits(api, handle, hasExtension);
    for (const bool khr : {false, true}) {
        if (!hasExtension(khr ? VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME : VK_NV_COOPERATIVE_MATRIX_EXTENSION_NAME)) continue;
        auto matrix = cooperativeMatrixFeatures(khr, VK_FALSE);
        features.pNext = &matrix;
        api.vkGetPhysicalDeviceFeatures2(handle, &features);
        if (device.memoryModel && matrix.cooperativeMatrix == VK_TRUE)
            (khr ? device.khrMatrix : device.matrix) = findCooperativeMatrix(api, handle, khr);
    }

    api.vkGetPhysicalDeviceQueueFamilyProperties(handle, &count, nullptr);
    std::vector<VkQueueFamilyProperties> families(count);
    api.vkGetPhysicalDeviceQueueFamilyProperties(handle, &count, families.data());
    const auto family = std::find_if(families.begin(), families.end(),
                                     [](const auto& f) { return (f.queueFlags & VK_QUEUE_COMPUTE_BIT) != 0; });
    device.queueFamily = static_cast<std::uint32_t>(family - families.begin());
    if (family != families.end()) device.timestampBits = family->timestampValidBits;

    VkPhysicalDeviceMemoryProperties2 memory{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2, nullptr, {}};
    api.vkGetPhysicalDeviceMemoryProperties2(handle, &memory);
    device.memory = memory.memoryProperties;

    if (hasExtension(VK_EXT_PCI_BUS_INFO_EXTENSION_NAME)) {
        VkPhysicalDevicePCIBusInfoPropertiesEXT bus{
            VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PCI_BUS_INFO_PROPERTIES_EXT, nullptr, 0, 0, 0, 0};
        VkPhysicalDeviceProperties2 more{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, &bus, {}};
        api.vkGetPhysicalDeviceProperties2(handle, &more);
        std::array<char, 64> text{};
        const int length = std::snprintf(text.data(), text.size(), "%04x:%02x:%02x.%x", bus.pciDomain, bus.pciBus,
                                         bus.pciDevice, bus.pciFunction);
        device.info.pciAddress.assign(text.data(), static_cast<std::size_t>(length));
    }

    DeviceInfo& info = device.info;
    info.backend = "vulkan";
    info.index = index;
    info.software = properties.properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
    info.name = properties.properties.deviceName;
    info.driver = std::string(driver.driverName) + " " + driver.driverInfo;
    for (std::uint32_t heap = 0; heap < device.memory.memoryHeapCount; ++heap)
        if ((device.memory.memoryHeaps[heap].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) != 0)
            info.memoryBytes = std::max<std::uint64_t>(info.memoryBytes, device.memory.memoryHeaps[heap].size);
    info.reason = unusableBecause(properties.properties, core.bufferDeviceAddress == VK_TRUE, family != families.end());
    info.usable = info.reason.empty();
    return device;
}

}  // namespace

void PhysicalDevice::choose(const VulkanPaths& wanted) {
    using Use = VulkanPaths::Use;
    paths = wanted;
    const auto wants = [&](bool fast) { return wanted.packedDot == Use::On || (wanted.packedDot == Use::Auto && fast); };
    packedMixedDot = packedDot && wants(packedMixedDotFast);
    packedDot = packedDot && wants(packedDotFast);
    if (khrMatrix && (!matrix || wanted.khrMatrix == Use::On)) matrix = khrMatrix;
    if (wanted.shuffles == Use::Off) subgroupSize = 1;
    if (wanted.int64 == Use::Off) int64 = false;
    if (wanted.computeUnits > 0) computeUnits = wanted.computeUnits;
    if (wanted.subgroupSize >= leastSubgroupSize && wanted.subgroupSize <= mostSubgroupSize && subgroupSizeControl &&
        subgroupSize > 1)
        subgroupSize = wanted.subgroupSize;
}

bool PhysicalDevice::persists() const {
    using Use = VulkanPaths::Use;
    const bool wanted = paths.persistent == Use::On || (paths.persistent == Use::Auto && computeUnits > 0);
    return wanted && exchange && subgroupSize >= 4 && subgroupSize <= 64;
}

Result<std::shared_ptr<const Instance>> Instance::create(const VulkanOptions& options) {
    const std::shared_ptr<Instance> instance(new Instance);
    instance->options_ = options;
    TERNION_TRY(instance->api_, Api::load());
    std::uint32_t version = 0;
    instance->api_.vkEnumerateInstanceVersion(&version);

    const VkApplicationInfo application{VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                        nullptr,
                                        "Ternion",
                                        1,
                                        "Ternion",
                                        1,
                                        std::min<std::uint32_t>(version, VK_API_VERSION_1_3)};
    VkInstanceCreateInfo info{VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, nullptr, 0, &application, 0, nullptr, 0, nullptr};
    const char* const debugExtension = VK_EXT_DEBUG_UTILS_EXTENSION_NAME;
    const bool validate = options.validation && hasLayer(instance->api_, validationLayer);
    if (options.validation && !validate)
        return Error{ErrorCode::DeviceUnavailable, "install the package vulkan-validationlayers", validationLayer};
    const VkDebugUtilsMessengerCreateInfoEXT messages{
        VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
        nullptr,
        0,
        VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
        VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT,
        onMessage,
        &instance->options_};
    if (validate) {
        info.pNext = &messages;  // for what happens before the messenger is made and after it has gone
        info.enabledLayerCount = 1;
        info.ppEnabledLayerNames = &validationLayer;
        info.enabledExtensionCount = 1;
        info.ppEnabledExtensionNames = &debugExtension;
    }
    if (const VkResult made = instance->api_.vkCreateInstance(&info, nullptr, &instance->instance_); made != VK_SUCCESS) {
        instance->instance_ = VK_NULL_HANDLE;
        if (made == VK_ERROR_INCOMPATIBLE_DRIVER)
            return Error{ErrorCode::DeviceUnavailable,
                         "no Vulkan driver is installed; install your GPU's, or mesa-vulkan-drivers to run on the processor",
                         {}};
        return check(made, "Vulkan").error();
    }
    instance->api_.loadInstance(instance->instance_);
    if (validate) {
        const auto createMessenger = reinterpret_cast<PFN_vkCreateDebugUtilsMessengerEXT>(
            instance->api_.vkGetInstanceProcAddr(instance->instance_, "vkCreateDebugUtilsMessengerEXT"));
        TERNION_CHECK(
            check(createMessenger(instance->instance_, &messages, nullptr, &instance->messenger_), "Vulkan validation"));
    }
    TERNION_CHECK(instance->findDevices());
    return std::shared_ptr<const Instance>(instance);
}

Status Instance::findDevices() {
    std::uint32_t count = 0;
    TERNION_CHECK(check(api_.vkEnumeratePhysicalDevices(instance_, &count, nullptr), "Vulkan devices"));
    std::vector<VkPhysicalDevice> handles(count);
    TERNION_CHECK(check(api_.vkEnumeratePhysicalDevices(instance_, &count, handles.data()), "Vulkan devices"));
    handles.resize(count);
    if (handles.empty())
        return Error{ErrorCode::DeviceUnavailable, "the Vulkan drivers found no device; install your GPU's driver", {}};
    for (const VkPhysicalDevice handle : handles) {
        devices_.push_back(describe(api_, handle, static_cast<int>(devices_.size())));
        devices_.back().memoryLimit = options_.memoryLimit;
        devices_.back().choose(options_.paths);
    }
    return {};
}

Instance::~Instance() {
    if (instance_ == VK_NULL_HANDLE) return;
    if (messenger_ != VK_NULL_HANDLE)
        reinterpret_cast<PFN_vkDestroyDebugUtilsMessengerEXT>(
            api_.vkGetInstanceProcAddr(instance_, "vkDestroyDebugUtilsMessengerEXT"))(instance_, messenger_, nullptr);
    api_.vkDestroyInstance(instance_, nullptr);
}

}  // namespace ternion::vulkan
