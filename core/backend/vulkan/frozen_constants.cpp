#include "backend/vulkan/frozen_constants.h"

#include <spirv-tools/optimizer.hpp>
#include <unordered_map>

namespace ternion::vulkan {

std::vector<std::uint32_t> withFrozenConstants(std::span<const std::uint32_t> module,
                                               std::span<const std::uint32_t> constants) {
    std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> values;
    for (std::uint32_t id = 0; id < constants.size(); ++id) values[id] = {constants[id]};
    spvtools::Optimizer optimizer(SPV_ENV_VULKAN_1_2);
    optimizer.RegisterPass(spvtools::CreateSetSpecConstantDefaultValuePass(values))
        .RegisterPass(spvtools::CreateFreezeSpecConstantValuePass())
        .RegisterPass(spvtools::CreateFoldSpecConstantOpAndCompositePass())
        .RegisterPass(spvtools::CreateUnifyConstantPass())
        .RegisterPass(spvtools::CreateDeadBranchElimPass())
        .RegisterPass(spvtools::CreateBlockMergePass())
        .RegisterPass(spvtools::CreateAggressiveDCEPass());
    std::vector<std::uint32_t> frozen;
    // Not validated: the kernels are ours, and the validator would want to know the layout rules of each.
    spvtools::OptimizerOptions options;
    options.set_run_validator(false);
    if (!optimizer.Run(module.data(), module.size(), &frozen, options)) return {};
    return frozen;
}

}  // namespace ternion::vulkan
