#include "backend/vulkan/bit_linear_product.h"

#include <algorithm>
#include <string>

#include "model/dense_trits.h"

namespace ternion::vulkan {

std::uint64_t packedRowBytes(Packing packing, std::uint32_t columns) {
    const auto cols = static_cast<int>(columns);
    return packing == Packing::Dense ? denseRowBytes(cols)
                                     : TernaryMatrix::blockBytes * static_cast<std::size_t>(TernaryMatrix::blocksFor(cols));
}

Result<BitLinearProduct> BitLinearProduct::create(Device& device, Packing packing, const ProductShape& shape,
                                                  std::uint32_t results, Profile profile) {
    const PhysicalDevice& physical = device.physical();
    const std::uint32_t dense = packing == Packing::Dense ? 1 : 0, shuffled = physical.subgroupSize;
    std::string name = profile == Profile::Fixed ? "fixed_" : "";
    name += physical.packedDot ? "bit_linear_dot" : "bit_linear";
    if (shuffled > 1) name += "_shuffled";
    BitLinearProduct product;
    product.packing_ = packing;
    for (std::uint32_t result = 0; result < results; ++result) {
        const std::array constants{shape.workgroup, shape.lanes, shape.rows, shape.tokens, result, dense, shuffled};
        TERNION_TRY(auto pipeline, device.pipeline(name, constants, sizeof(BitLinearPush), shuffled > 1));
        product.pipelines_.push_back(std::move(pipeline));
    }
    product.groupRows_ = shape.workgroup / shape.lanes * shape.rows;
    product.tileTokens_ = shape.tokens;
    product.maxGroups_ = physical.limits.maxComputeWorkGroupCount[0];
    return product;
}

void BitLinearProduct::record(Commands& commands, const BitLinearPush& push, std::uint32_t projections,
                              ProductResult result) const {
    commands.dispatch(pipelines_[static_cast<std::size_t>(result)], push,
                      {std::min(divideUp(push.rows, groupRows_), maxGroups_), divideUp(push.tokens, tileTokens_), projections},
                      std::uint64_t{projections} * push.rows * packedRowBytes(packing_, push.columns));
}

}  // namespace ternion::vulkan
