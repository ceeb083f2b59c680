#include "backend/vulkan/vulkan_device.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "backend/vulkan/frozen_constants.h"
#include "backend/vulkan/pipeline_cache.h"
#include "base/log.h"
#include "shaders.h"

namespace ternion::vulkan {

Result<std::shared_ptr<Device>> Device::create(std::shared_ptr<const Instance> instance, const PhysicalDevice& physical) {
    const std::shared_ptr<Device> device(new Device(std::move(instance), physical));
    const float priority = 1.0F;
    const VkDeviceQueueCreateInfo queue{
        VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, nullptr, 0, physical.queueFamily, 1, &priority};
    VkPhysicalDeviceShaderIntegerDotProductFeatures dot{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES,
                                                        nullptr, VK_TRUE};
    VkPhysicalDeviceSubgroupSizeControlFeatures subgroups{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES,
                                                          physical.packedDot || physical.packedMixedDot ? &dot : nullptr,
                                                          VK_TRUE, VK_TRUE};
    VkPhysicalDeviceVulkan12Features core{};
    core.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
    core.pNext = physical.subgroupSizeControl ? &subgroups : subgroups.pNext;
    core.bufferDeviceAddress = VK_TRUE;
    core.shaderInt8 = core.vulkanMemoryModel = core.vulkanMemoryModelDeviceScope = physical.memoryModel ? VK_TRUE : VK_FALSE;
    core.scalarBlockLayout = physical.exchange ? VK_TRUE : VK_FALSE;
    VkPhysicalDeviceFeatures2 features{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, &core, {}};
    features.features.shaderInt64 = physical.int64 ? VK_TRUE : VK_FALSE;
    auto matrix = cooperativeMatrixFeatures(physical.matrix && physical.matrix->khr, VK_TRUE);
    std::vector<const char*> extensions;
    if (physical.matrix) {
        matrix.pNext = std::exchange(features.pNext, &matrix);
        extensions.push_back(physical.matrix->khr ? VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME
                                                  : VK_NV_COOPERATIVE_MATRIX_EXTENSION_NAME);
    }
    if (physical.packedDotExtension) extensions.push_back(VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME);
    if (physical.subgroupSizeExtension) extensions.push_back(VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME);
    if (physical.memoryBudget) extensions.push_back(VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
    const VkDeviceCreateInfo info{
        VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,          &features,         0,      1, &queue, 0, nullptr,
        static_cast<std::uint32_t>(extensions.size()), extensions.data(), nullptr};
    Api& api = device->api_;
    const char* name = physical.info.name.c_str();
    TERNION_CHECK(check(api.vkCreateDevice(physical.handle, &info, nullptr, &device->device_), name));
    api.loadDevice(device->device_);
    api.vkGetDeviceQueue(device->device_, physical.queueFamily, 0, &device->queue_);

    const VkCommandPoolCreateInfo poolInfo{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, nullptr,
                                           VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT, physical.queueFamily};
    VkCommandPool pool = VK_NULL_HANDLE;
    TERNION_CHECK(check(api.vkCreateCommandPool(device->device_, &poolInfo, nullptr, &pool), name));
    const auto owner = device.get();
    device->pool_ = {pool, [owner](VkCommandPool p) { owner->api_.vkDestroyCommandPool(owner->device_, p, nullptr); }};
    const VkFenceCreateInfo fenceInfo{VK_STRUCTURE_TYPE_FENCE_CREATE_INFO, nullptr, 0};
    VkFence fence = VK_NULL_HANDLE;
    TERNION_CHECK(check(api.vkCreateFence(device->device_, &fenceInfo, nullptr, &fence), name));
    device->fence_ = {fence, [owner](VkFence f) { owner->api_.vkDestroyFence(owner->device_, f, nullptr); }};
    if (device->cacheFolder().empty()) return device;
    device->kept_ = loadPipelineCache(device->cacheFolder(), physical.key);
    device->cache_ = makePipelineCache(api, device->device_, device->kept_);
    return device;
}

void Device::keepPipelines() const {
    if (const auto saved = savePipelines(); !saved) log(LogLevel::Warning, saved.error().text());
}

Status Device::savePipelines() const {
    if (cache_.get() == VK_NULL_HANDLE) return {};
    const char* name = physical_.info.name.c_str();
    std::size_t size = 0;
    TERNION_CHECK(check(api_.vkGetPipelineCacheData(device_, cache_.get(), &size, nullptr), name));
    std::vector<std::byte> data(size);
    TERNION_CHECK(check(api_.vkGetPipelineCacheData(device_, cache_.get(), &size, data.data()), name));
    data.resize(size);
    if (data == kept_) return {};
    return savePipelineCache(cacheFolder(), physical_.key, data);
}

Device::~Device() {
    if (device_ == VK_NULL_HANDLE) return;
    api_.vkDeviceWaitIdle(device_);
    cache_ = {};
    fence_ = {};
    pool_ = {};
    api_.vkDestroyDevice(device_, nullptr);
}

Result<std::uint32_t> Device::memoryType(std::uint32_t allowed, MemoryKind kind) const {
    constexpr VkMemoryPropertyFlags host = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    // The wish first, then what must do.
    std::array<VkMemoryPropertyFlags, 2> wanted{VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0};
    if (kind == MemoryKind::Upload) wanted = {host, host};
    if (kind == MemoryKind::Readback) wanted = {host | VK_MEMORY_PROPERTY_HOST_CACHED_BIT, host};
    const auto& memory = physical_.memory;
    for (const VkMemoryPropertyFlags flags : wanted)
        for (std::uint32_t type = 0; type < memory.memoryTypeCount; ++type)
            if ((allowed >> type & 1U) != 0 && (memory.memoryTypes[type].propertyFlags & flags) == flags) return type;
    return Error{ErrorCode::DeviceUnavailable, "its driver offers no memory for buffers; update it", physical_.info.name};
}

VkPhysicalDeviceMemoryBudgetPropertiesEXT Device::memoryBudget() const {
    VkPhysicalDeviceMemoryBudgetPropertiesEXT budget{};
    budget.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT;
    VkPhysicalDeviceMemoryProperties2 memory{
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2, physical_.memoryBudget ? &budget : nullptr, {}};
    api_.vkGetPhysicalDeviceMemoryProperties2(physical_.handle, &memory);
    return budget;
}

Result<VkDeviceSize> Device::used() const {
    if (!physical_.memoryBudget)
        return Error{ErrorCode::Unsupported, "its driver does not tell how much memory a program uses (VK_EXT_memory_budget)",
                     physical_.info.name};
    const auto budget = memoryBudget();
    VkDeviceSize all = 0;
    for (std::uint32_t heap = 0; heap < physical_.memory.memoryHeapCount; ++heap)
        if ((physical_.memory.memoryHeaps[heap].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) != 0) all += budget.heapUsage[heap];
    return all;
}

VkDeviceSize Device::available() const {
    const auto budget = memoryBudget();
    VkDeviceSize most = 0;
    for (std::uint32_t heap = 0; heap < physical_.memory.memoryHeapCount; ++heap) {
        if ((physical_.memory.memoryHeaps[heap].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) == 0) continue;
        const VkDeviceSize size = physical_.memory.memoryHeaps[heap].size;
        const VkDeviceSize free = budget.heapBudget[heap] - std::min(budget.heapBudget[heap], budget.heapUsage[heap]);
        most = std::max(most, physical_.memoryBudget ? free : size);
    }
    if (physical_.memoryLimit > 0) most = std::min(most, physical_.memoryLimit - std::min(physical_.memoryLimit, allocated_));
    return most;
}

Result<Buffer> Device::allocate(VkDeviceSize size, MemoryKind kind) {
    size = std::max<VkDeviceSize>(size, 16);
    const auto tooLarge = [&](VkDeviceSize available) {
        return Error{ErrorCode::DeviceOutOfMemory,
                     std::to_string(size >> 20) + " MiB more are needed and " + std::to_string(available >> 20) +
                         " MiB are available; close other programs that use the device, or choose another one",
                     physical_.info.name};
    };
    if (size > physical_.maxAllocation) return tooLarge(physical_.maxAllocation);
    if (kind == MemoryKind::Device && physical_.memoryLimit > 0 && size > available()) return tooLarge(available());

    const VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                  nullptr,
                                  0,
                                  size,
                                  VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT |
                                      VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                                  VK_SHARING_MODE_EXCLUSIVE,
                                  0,
                                  nullptr};
    Buffer buffer;
    buffer.size = size;
    VkBuffer handle = VK_NULL_HANDLE;
    const char* name = physical_.info.name.c_str();
    TERNION_CHECK(check(api_.vkCreateBuffer(device_, &info, nullptr, &handle), name));
    buffer.buffer = {handle, [this](VkBuffer b) { api_.vkDestroyBuffer(device_, b, nullptr); }};

    VkMemoryRequirements needs{};
    api_.vkGetBufferMemoryRequirements(device_, handle, &needs);
    TERNION_TRY(const std::uint32_t type, memoryType(needs.memoryTypeBits, kind));
    const VkMemoryAllocateFlagsInfo flags{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO, nullptr,
                                          VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT, 0};
    const VkMemoryAllocateInfo allocation{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, &flags, needs.size, type};
    VkDeviceMemory memory = VK_NULL_HANDLE;
    const VkResult allocated = api_.vkAllocateMemory(device_, &allocation, nullptr, &memory);
    if (allocated == VK_ERROR_OUT_OF_DEVICE_MEMORY || allocated == VK_ERROR_TOO_MANY_OBJECTS) return tooLarge(available());
    TERNION_CHECK(check(allocated, name));
    const VkDeviceSize counted = kind == MemoryKind::Device ? size : 0;
    allocated_ += counted;
    buffer.memory = {memory, [this, counted](VkDeviceMemory m) {
                         api_.vkFreeMemory(device_, m, nullptr);
                         allocated_ -= counted;
                     }};
    TERNION_CHECK(check(api_.vkBindBufferMemory(device_, handle, memory, 0), name));
    if (kind != MemoryKind::Device) {
        void* mapped = nullptr;
        TERNION_CHECK(check(api_.vkMapMemory(device_, memory, 0, VK_WHOLE_SIZE, 0, &mapped), name));
        buffer.mapped = static_cast<std::byte*>(mapped);
    }
    const VkBufferDeviceAddressInfo addressInfo{VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO, nullptr, handle};
    buffer.address = api_.vkGetBufferDeviceAddress(device_, &addressInfo);
    return buffer;
}

Result<Pipeline> Device::pipeline(std::string_view name, std::span<const std::uint32_t> constants, std::size_t pushBytes,
                                  bool subgroups) {
    const bool khr = physical_.matrix && physical_.matrix->khr;
    const auto found = shaders::find(name);
    auto words = withFrozenConstants(found, constants);
    if (khr && !words.empty()) words = khrCooperativeMatrix(words, found);
    const std::string what = "the kernel " + std::string(name);
    if (words.empty()) return Error{ErrorCode::DeviceUnavailable, "it is not a valid module; install Ternion anew", what};
    const VkShaderModuleCreateInfo moduleInfo{VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, nullptr, 0,
                                              words.size() * sizeof(words[0]), words.data()};
    VkShaderModule module = VK_NULL_HANDLE;
    TERNION_CHECK(check(api_.vkCreateShaderModule(device_, &moduleInfo, nullptr, &module), what.c_str()));
    const Owned<VkShaderModule> moduleOwner(module,
                                            [this](VkShaderModule m) { api_.vkDestroyShaderModule(device_, m, nullptr); });

    Pipeline pipeline;
    pipeline.kernel = name;
    const VkPushConstantRange push{VK_SHADER_STAGE_COMPUTE_BIT, 0, static_cast<std::uint32_t>(pushBytes)};
    const VkPipelineLayoutCreateInfo layoutInfo{
        VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO, nullptr, 0, 0, nullptr, 1, &push};
    VkPipelineLayout layout = VK_NULL_HANDLE;
    TERNION_CHECK(check(api_.vkCreatePipelineLayout(device_, &layoutInfo, nullptr, &layout), what.c_str()));
    pipeline.layout = {layout, [this](VkPipelineLayout l) { api_.vkDestroyPipelineLayout(device_, l, nullptr); }};

    const bool sized = subgroups && physical_.subgroupSizeControl;
    const VkPipelineShaderStageRequiredSubgroupSizeCreateInfo subgroupSize{
        VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO, nullptr, physical_.subgroupSize};
    constexpr VkPipelineShaderStageCreateFlags fullSubgroups = VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT;
    const VkComputePipelineCreateInfo info{
        VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        nullptr,
        0,
        {VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO, sized ? &subgroupSize : nullptr, sized ? fullSubgroups : 0U,
         VK_SHADER_STAGE_COMPUTE_BIT, module, "main", nullptr},
        layout,
        VK_NULL_HANDLE,
        -1};
    VkPipeline handle = VK_NULL_HANDLE;
    TERNION_CHECK(check(api_.vkCreateComputePipelines(device_, cache_.get(), 1, &info, nullptr, &handle), what.c_str()));
    pipeline.pipeline = {handle, [this](VkPipeline p) { api_.vkDestroyPipeline(device_, p, nullptr); }};
    return pipeline;
}

Result<Commands> Device::commands() {
    const VkCommandBufferAllocateInfo info{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, nullptr, pool_.get(),
                                           VK_COMMAND_BUFFER_LEVEL_PRIMARY, 1};
    VkCommandBuffer buffer = VK_NULL_HANDLE;
    TERNION_CHECK(check(api_.vkAllocateCommandBuffers(device_, &info, &buffer), physical_.info.name.c_str()));
    return Commands(api_, Owned<VkCommandBuffer>(
                              buffer, [this](VkCommandBuffer b) { api_.vkFreeCommandBuffers(device_, pool_.get(), 1, &b); }));
}

Result<Commands> Device::timedCommands(std::uint32_t dispatches) {
    const std::string& name = physical_.info.name;
    if (physical_.timestampBits == 0 || physical_.limits.timestampPeriod <= 0.0F)
        return Error{ErrorCode::Unsupported, "its driver does not tell the time on the device", name};
    TERNION_TRY(auto timed, commands());
    timed.mostReadings_ = 2 * dispatches;
    const VkQueryPoolCreateInfo info{
        VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO, nullptr, 0, VK_QUERY_TYPE_TIMESTAMP, timed.mostReadings_, 0};
    VkQueryPool pool = VK_NULL_HANDLE;
    TERNION_CHECK(check(api_.vkCreateQueryPool(device_, &info, nullptr, &pool), name.c_str()));
    timed.clock_ = {pool, [this](VkQueryPool p) { api_.vkDestroyQueryPool(device_, p, nullptr); }};
    return timed;
}

Result<std::vector<KernelTime>> Device::times(const Commands& commands) const {
    std::vector<KernelTime> all = commands.timed_;
    if (commands.readings_ != 2 * all.size())
        return Error{ErrorCode::InvalidArgument, "more dispatches than were to be timed", {}};
    std::vector<std::uint64_t> ticks(commands.readings_);
    TERNION_CHECK(
        check(api_.vkGetQueryPoolResults(device_, commands.clock_.get(), 0, commands.readings_, ticks.size() * sizeof(ticks[0]),
                                         ticks.data(), sizeof(ticks[0]), VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT),
              physical_.info.name.c_str()));
    const std::uint64_t mask =
        physical_.timestampBits < 64 ? (std::uint64_t{1} << physical_.timestampBits) - 1 : ~std::uint64_t{0};
    for (std::size_t k = 0; k < all.size(); ++k)
        all[k].seconds =
            static_cast<double>((ticks[2 * k + 1] - ticks[2 * k]) & mask) * physical_.limits.timestampPeriod * 1e-9;
    return all;
}

Status Device::run(const Commands& commands) {
    TERNION_CHECK(submit(commands));
    return wait();
}

Status Device::submit(const Commands& commands) {
    const char* name = physical_.info.name.c_str();
    const VkFence fence = fence_.get();
    const VkCommandBuffer buffer = commands.buffer_.get();
    const VkSubmitInfo submit{VK_STRUCTURE_TYPE_SUBMIT_INFO, nullptr, 0, nullptr, nullptr, 1, &buffer, 0, nullptr};
    TERNION_CHECK(check(api_.vkResetFences(device_, 1, &fence), name));
    return check(api_.vkQueueSubmit(queue_, 1, &submit, fence), name);
}

Status Device::wait() {
    const VkFence fence = fence_.get();
    return check(api_.vkWaitForFences(device_, 1, &fence, VK_TRUE, UINT64_MAX), physical_.info.name.c_str());
}

Status Commands::begin() {
    const VkCommandBufferBeginInfo info{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO, nullptr, 0, nullptr};
    TERNION_CHECK(check(api_->vkBeginCommandBuffer(buffer_.get(), &info), "recording commands"));
    barrier();  // sees what the host and earlier submissions wrote
    readings_ = 0;
    timed_.clear();
    if (clock_) api_->vkCmdResetQueryPool(buffer_.get(), clock_.get(), 0, mostReadings_);
    return {};
}

Status Commands::end() { return check(api_->vkEndCommandBuffer(buffer_.get()), "recording commands"); }

void Commands::barrier() {
    constexpr VkPipelineStageFlags stages =
        VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT | VK_PIPELINE_STAGE_HOST_BIT;
    constexpr VkAccessFlags device =
        VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
    const VkMemoryBarrier memory{VK_STRUCTURE_TYPE_MEMORY_BARRIER, nullptr, device | VK_ACCESS_HOST_WRITE_BIT,
                                 device | VK_ACCESS_HOST_READ_BIT};
    api_->vkCmdPipelineBarrier(buffer_.get(), stages, stages, 0, 1, &memory, 0, nullptr, 0, nullptr);
}

void Commands::dispatch(const Pipeline& pipeline, std::span<const std::byte> push, Groups groups) {
    api_->vkCmdBindPipeline(buffer_.get(), VK_PIPELINE_BIND_POINT_COMPUTE, pipeline.pipeline.get());
    api_->vkCmdPushConstants(buffer_.get(), pipeline.layout.get(), VK_SHADER_STAGE_COMPUTE_BIT, 0,
                             static_cast<std::uint32_t>(push.size()), push.data());
    writeTime();
    api_->vkCmdDispatch(buffer_.get(), groups.x, groups.y, groups.z);
    writeTime();
    barrier();
}

void Commands::writeTime() {
    if (clock_ && readings_ < mostReadings_)  // once all that came before is done
        api_->vkCmdWriteTimestamp(buffer_.get(), VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, clock_.get(), readings_++);
}

void Commands::copy(const Buffer& from, VkDeviceSize fromOffset, const Buffer& to, VkDeviceSize toOffset, VkDeviceSize size) {
    const VkBufferCopy region{fromOffset, toOffset, size};
    api_->vkCmdCopyBuffer(buffer_.get(), from.buffer.get(), to.buffer.get(), 1, &region);
    barrier();
}

void Commands::fill(const Buffer& buffer, std::uint32_t word) {
    api_->vkCmdFillBuffer(buffer_.get(), buffer.buffer.get(), 0, VK_WHOLE_SIZE, word);
    barrier();
}

}  // namespace ternion::vulkan
