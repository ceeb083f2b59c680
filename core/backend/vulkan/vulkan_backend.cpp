#include "backend/vulkan/vulkan_backend.h"

#include <mutex>
#include <optional>

#include "backend/vulkan/product_tuning.h"
#include "backend/vulkan/vulkan_fixed_model.h"
#include "backend/vulkan/vulkan_model.h"

namespace ternion {
namespace {

class VulkanBackend final : public Backend {
public:
    explicit VulkanBackend(VulkanOptions options) : options_(std::move(options)) {}

    std::string_view name() const override { return "vulkan"; }

    std::vector<DeviceInfo> devices() override {
        const auto& instance = connect();
        std::vector<DeviceInfo> all;
        if (!instance) {
            DeviceInfo& none = all.emplace_back();
            none.backend = none.name = "vulkan";
            none.reason = instance.error().text();
            return all;
        }
        for (const auto& device : (*instance)->devices()) all.push_back(device.info);
        return all;
    }

    Result<std::unique_ptr<DeviceModel>> load(std::shared_ptr<const Model> model, int index, const Progress& progress,
                                              const LoadOptions& load) override {
        const auto& instance = connect();
        if (!instance) return instance.error();
        const auto& all = (*instance)->devices();
        if (index < 0 || static_cast<std::size_t>(index) >= all.size())
            return Error{ErrorCode::DeviceUnavailable, "there is no such device", "vulkan:" + std::to_string(index)};
        const auto& physical = all[static_cast<std::size_t>(index)];
        if (!physical.info.usable) return Error{ErrorCode::DeviceUnavailable, physical.info.reason, physical.info.name};
        TERNION_TRY(auto device, vulkan::Device::create(*instance, physical));
        const bool either = load.packing == Packing::Auto;
        const Packing packing = either ? vulkan::fasterPacking(*device) : load.packing;
        const auto loadOn = load.profile == Profile::Fixed ? vulkan::VulkanFixedModel::load : vulkan::VulkanModel::load;
        auto loaded = loadOn(device, model, packing, progress);
        if (either && packing != Packing::Dense && !loaded && loaded.error().code == ErrorCode::DeviceOutOfMemory)
            loaded = loadOn(device, std::move(model), Packing::Dense, progress);
        if (loaded) device->keepPipelines();
        return loaded;
    }

private:
    /// Made at the first use: a program that names another backend never waits for the drivers.
    const Result<std::shared_ptr<const vulkan::Instance>>& connect() {
        const std::lock_guard lock(mutex_);
        if (!instance_) instance_ = vulkan::Instance::create(options_);
        return *instance_;
    }

    VulkanOptions options_;
    std::mutex mutex_;
    std::optional<Result<std::shared_ptr<const vulkan::Instance>>> instance_;
};

}  // namespace

std::unique_ptr<Backend> makeVulkanBackend(const VulkanOptions& options) { return std::make_unique<VulkanBackend>(options); }

}  // namespace ternion
