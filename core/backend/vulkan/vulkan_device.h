// One logical device: its memory, pipelines and queue.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/vulkan/vulkan_instance.h"

namespace ternion::vulkan {

/// Where a buffer lies and who touches it.
enum class MemoryKind {
    Device,    ///< the device alone; read and written by copies
    Upload,    ///< mapped, written by the host
    Readback,  ///< mapped and cached, read by the host
};

/// Device memory with an address, mapped where its kind says so. Move-only; outlived by its Device.
struct Buffer {
    Owned<VkDeviceMemory> memory;  // before the buffer that is bound to it
    Owned<VkBuffer> buffer;
    VkDeviceSize size = 0;
    VkDeviceAddress address = 0;
    std::byte* mapped = nullptr;  ///< null for MemoryKind::Device

    template <class T>
    std::span<T> as() const {
        return {reinterpret_cast<T*>(mapped), static_cast<std::size_t>(size) / sizeof(T)};
    }
};

/// A kernel with its specialization constants fixed.
struct Pipeline {
    std::string kernel;
    Owned<VkPipelineLayout> layout;
    Owned<VkPipeline> pipeline;
};

class Commands;

/// Used by one thread at a time.
class Device {
public:
    static Result<std::shared_ptr<Device>> create(std::shared_ptr<const Instance> instance, const PhysicalDevice& physical);
    ~Device();
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    const Api& api() const { return api_; }
    const PhysicalDevice& physical() const { return physical_; }
    const std::filesystem::path& cacheFolder() const { return instance_->options().cacheFolder; }

    /// DeviceOutOfMemory with the sizes needed and available.
    Result<Buffer> allocate(VkDeviceSize size, MemoryKind kind);
    /// Kernel `name` of vulkan-shaders; constants have the ids 0, 1, 2, ... `subgroups`: it counts on full subgroups of the
    /// device's subgroupSize.
    Result<Pipeline> pipeline(std::string_view name, std::span<const std::uint32_t> constants, std::size_t pushBytes,
                              bool subgroups = false);
    /// Keeps what the driver has compiled so far in the options' cacheFolder, if there is one and it was not there yet. Where
    /// that cannot be, which is no reason not to run, log() tells.
    void keepPipelines() const;
    Result<Commands> commands();
    /// Commands that take the time of each of `dispatches` dispatches, at most. Unsupported where the device has no clock.
    Result<Commands> timedCommands(std::uint32_t dispatches);
    /// What they took when timed commands ran last.
    Result<std::vector<KernelTime>> times(const Commands& commands) const;
    /// Runs recorded commands and waits for them. DeviceLost.
    Status run(const Commands& commands);
    /// The same in two steps: submit() returns at once; one wait() follows before anything else is submitted.
    Status submit(const Commands& commands);
    Status wait();

    /// Bytes that device buffers can still take: free in their heap as far as the driver tells, within the memory limit.
    VkDeviceSize available() const;
    /// Bytes of device memory that this program uses, of which device buffers are a part. Unsupported where the driver does
    /// not tell. Any thread.
    Result<VkDeviceSize> used() const;

private:
    Device(std::shared_ptr<const Instance> instance, const PhysicalDevice& physical)
        : instance_(std::move(instance)), api_(instance_->api()), physical_(physical) {}
    Status savePipelines() const;
    VkPhysicalDeviceMemoryBudgetPropertiesEXT memoryBudget() const;
    Result<std::uint32_t> memoryType(std::uint32_t allowed, MemoryKind kind) const;

    std::shared_ptr<const Instance> instance_;
    Api api_;
    PhysicalDevice physical_;
    VkDevice device_ = VK_NULL_HANDLE;
    VkQueue queue_ = VK_NULL_HANDLE;
    VkDeviceSize allocated_ = 0;  // in device buffers that live
    Owned<VkCommandPool> pool_;
    Owned<VkFence> fence_;
    Owned<VkPipelineCache> cache_;
    std::vector<std::byte> kept_;  // what the cache began with
};

/// A command buffer. Every step sees what the steps before it wrote. Record once between begin() and end(), run as often as
/// wanted while the buffers it names live.
class Commands {
public:
    Status begin();
    Status end();

    struct Groups {
        std::uint32_t x = 1, y = 1, z = 1;
    };
    template <class Push>
    void dispatch(const Pipeline& pipeline, const Push& push, Groups groups, std::uint64_t weightBytes = 0) {
        static_assert(sizeof(Push) <= 128, "all that Vulkan promises");
        if (clock_) timed_.push_back({pipeline.kernel, 0.0, weightBytes, layer_});
        dispatch(pipeline, std::as_bytes(std::span(&push, 1)), groups);
    }
    void setLayer(int layer) { layer_ = layer; }  ///< what is dispatched next belongs to it; -1: to none
    void copy(const Buffer& from, VkDeviceSize fromOffset, const Buffer& to, VkDeviceSize toOffset, VkDeviceSize size);
    void fill(const Buffer& buffer, std::uint32_t word);

private:
    friend class Device;
    Commands(const Api& api, Owned<VkCommandBuffer> buffer) : api_(&api), buffer_(std::move(buffer)) {}
    void dispatch(const Pipeline& pipeline, std::span<const std::byte> push, Groups groups);
    void barrier();
    void writeTime();

    const Api* api_;
    Owned<VkCommandBuffer> buffer_;
    Owned<VkQueryPool> clock_;       // two readings a dispatch; none: nothing is timed
    std::vector<KernelTime> timed_;  // without their times
    int layer_ = -1;
    std::uint32_t readings_ = 0, mostReadings_ = 0;
};

}  // namespace ternion::vulkan
