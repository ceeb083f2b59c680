#include "backend/cpu/cpu_backend.h"

#include "backend/cpu/cpu_fixed_model.h"
#include "backend/cpu/cpu_model.h"
#include "backend/cpu/host_processor.h"
#include "backend/cpu/kernels.h"

namespace ternion {
namespace {

class CpuBackend final : public Backend {
public:
    explicit CpuBackend(const CpuOptions& options)
        : instructionSet_(options.instructionSet),
          threads_(options.threads > 0 ? options.threads : static_cast<int>(physicalCores().size())) {}

    std::string_view name() const override { return "cpu"; }

    std::vector<DeviceInfo> devices() override {
        DeviceInfo info;
        info.backend = "cpu";
        info.name = processorName();
        info.memoryBytes = physicalMemoryBytes();
        if (const auto kernels = chooseKernels()) {
            info.driver =
                std::string((*kernels)->name) + ", " + std::to_string(threads_) + (threads_ == 1 ? " thread" : " threads");
            info.usable = true;
        } else {
            info.reason = kernels.error().message;
        }
        return {info};
    }

    Result<std::unique_ptr<DeviceModel>> load(std::shared_ptr<const Model> model, int device, const Progress& progress,
                                              const LoadOptions& load) override {
        if (progress.stopped()) return Error{ErrorCode::Cancelled, "stopped", "cpu"};
        if (device != 0)
            return Error{ErrorCode::DeviceUnavailable, "there is one CPU device, number 0, not " + std::to_string(device),
                         "cpu"};
        TERNION_TRY(const Kernels* kernels, chooseKernels());
        if (load.profile == Profile::Fixed)
            return CpuFixedModel::create(std::move(model), devices().front(), *kernels, threads_, load.packing);
        return CpuModel::create(std::move(model), devices().front(), *kernels, threads_, load.packing);
    }

private:
    Result<const Kernels*> chooseKernels() const {
        std::string supported;
        for (const Kernels* kernels : allKernels) {
            if (!kernels->supported()) continue;
            if (instructionSet_.empty() || instructionSet_ == kernels->name) return kernels;
            supported += (supported.empty() ? "" : ", ") + std::string(kernels->name);
        }
        return Error{ErrorCode::DeviceUnavailable,
                     "this processor has no instruction set '" + instructionSet_ + "'; choose one of " + supported, "cpu"};
    }

    std::string instructionSet_;
    int threads_;
};

}  // namespace

std::unique_ptr<Backend> makeCpuBackend(const CpuOptions& options) { return std::make_unique<CpuBackend>(options); }

}  // namespace ternion
