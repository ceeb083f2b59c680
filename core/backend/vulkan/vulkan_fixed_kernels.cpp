#include "backend/vulkan/vulkan_fixed_kernels.h"

#include <string>

#include "backend/vulkan/pass_limits.h"

namespace ternion::vulkan {
namespace {

constexpr std::uint32_t productResults = 3;  // none is fused with what follows

// Twins of the push constants of fixed_edit and fixed_add.
struct FixedEditPush {
    VkDeviceAddress values, edits;
    EditRange range;
    std::uint32_t width;
    std::int32_t fraction;
};
struct AddPush {
    VkDeviceAddress x, y;
    std::uint32_t width;
};

}  // namespace

Result<FixedKernels> FixedKernels::create(Device& device, Packing packing, const ProductTuning& tuning) {
    FixedKernels kernels;
    const std::uint32_t shuffled = device.physical().subgroupSize;
    struct Front {
        Pipeline& pipeline;
        const char* name;
        std::uint32_t projections;
    };
    for (const Front& front :
         {Front{kernels.normQuantise_[0], "fixed_norm_quantise", 1}, Front{kernels.normQuantise_[1], "fixed_norm_quantise", 3},
          Front{kernels.plainQuantise_, "fixed_plain_quantise", 1}, Front{kernels.gateQuantise_, "fixed_gate_quantise", 1},
          Front{kernels.gluQuantise_, "fixed_glu_quantise", 1}}) {
        std::string name = front.name;
        if (shuffled > 1) name += "_shuffled";
        TERNION_TRY(front.pipeline,
                    device.pipeline(name, std::array{shuffled, front.projections}, sizeof(FixedQuantisePush), shuffled > 1));
    }
    TERNION_TRY(kernels.mlgru_, device.pipeline("fixed_mlgru", {}, sizeof(FixedMlgruPush)));
    TERNION_TRY(kernels.edit_, device.pipeline("fixed_edit", {}, sizeof(FixedEditPush)));
    TERNION_TRY(kernels.add_, device.pipeline("fixed_add", {}, sizeof(AddPush)));
    TERNION_TRY(kernels.one_, BitLinearProduct::create(device, packing, tuning.one, productResults, Profile::Fixed));
    TERNION_TRY(kernels.several_, BitLinearProduct::create(device, packing, tuning.several, productResults, Profile::Fixed));
    return kernels;
}

void FixedKernels::mlgru(Commands& commands, const FixedMlgruPush& push) const {
    commands.dispatch(mlgru_, push, {divideUp(push.width, mlgruChannels), 1, 1});
}

void FixedKernels::edit(Commands& commands, VkDeviceAddress values, VkDeviceAddress edits, EditRange range, std::uint32_t width,
                        std::uint32_t tokens, int fraction) const {
    commands.dispatch(edit_, FixedEditPush{values, edits, range, width, fraction},
                      {divideUp(width, elementChannels), tokens, 1});
}

void FixedKernels::add(Commands& commands, VkDeviceAddress x, VkDeviceAddress y, std::uint32_t width,
                       std::uint32_t tokens) const {
    commands.dispatch(add_, AddPush{x, y, width}, {divideUp(width, elementChannels), tokens, 1});
}

}  // namespace ternion::vulkan
