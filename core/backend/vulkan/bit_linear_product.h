// The product of a BitLinear, trits times codes, by the kernels bit_linear*: in the shape that suits the device.
#pragma once

#include <array>
#include <vector>

#include "backend/vulkan/vulkan_device.h"

namespace ternion::vulkan {

/// The kernels' push constant block; what each field is, is written there.
struct BitLinearPush {
    VkDeviceAddress weights, codes, steps, sums, y;
    std::array<float, 3> gamma;
    std::uint32_t rows, columns, tokens;
    std::uint32_t bounded = 0;  // these two for ProductResult::Gates
    VkDeviceAddress lowerBound = 0;
};

/// What a BitLinear's product becomes.
enum class ProductResult : std::uint32_t {
    Store,
    AddToResidual,
    Accumulators,
    Gates,  ///< of i, f and g: silu(i), f above its lower bound, g; where Kernels::fuses() alone
    Glu,    ///< silu(u) * v; where Kernels::fuses() alone
};

/// How many of `by` have room for `count`: workgroups, most often.
constexpr std::uint32_t divideUp(std::uint32_t count, std::uint32_t by) { return (count + by - 1) / by; }

/// Bytes of a row of packed trits.
std::uint64_t packedRowBytes(Packing packing, std::uint32_t columns);

/// One pipeline a result. Outlived by the Device.
class BitLinearProduct {
public:
    /// `shape.tokens` share one reading of the weights. The first `results` of ProductResult, the fused ones excepted.
    /// Profile::Fixed: the push's steps are multipliers and shifts (FixedRescale), its gamma is none, its y int32.
    static Result<BitLinearProduct> create(Device& device, Packing packing, const ProductShape& shape,
                                           std::uint32_t results = 3, Profile profile = Profile::Float);

    void record(Commands& commands, const BitLinearPush& push, std::uint32_t projections, ProductResult result) const;

private:
    Packing packing_ = Packing::TwoBit;
    std::vector<Pipeline> pipelines_;  // [ProductResult]
    std::uint32_t groupRows_ = 1;
    std::uint32_t tileTokens_ = 1;
    std::uint32_t maxGroups_ = 1;
};

}  // namespace ternion::vulkan
