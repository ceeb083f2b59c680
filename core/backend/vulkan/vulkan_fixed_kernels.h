// The kernels of the fixed profile, vulkan-shaders/fixed_*, as the host sees them.
#pragma once

#include <array>

#include "backend/fixed_profile.h"
#include "backend/vulkan/bit_linear_product.h"
#include "backend/vulkan/pass_watch.h"
#include "backend/vulkan/product_tuning.h"

namespace ternion::vulkan {

/// What fixed_*_quantise leaves for the products: y = accumulator * multiplier / 2^shift.
struct FixedRescale {
    std::uint32_t multiplier = 0;
    std::int32_t shift = 1;
};

// Twins of the kernels' push constant blocks; what each field is, is written there.
struct FixedQuantisePush {
    VkDeviceAddress x, state, weight, norms, codes, rescales, sums, sigmoid, edits;
    EditRange edit;
    std::uint32_t width, tokens;
    struct {
        std::uint32_t constant, factor, shift;
    } epsilon;
    struct Scale {
        std::uint32_t mantissa = 0;
        std::int32_t exponent = 0;
    };
    std::array<Scale, 3> scales;
};

struct FixedMlgruPush {
    VkDeviceAddress candidates, forgets, lowerBound, state, states, sigmoid, edits;
    EditRange forget, candidate, after;
    std::uint32_t width, tokens, bounded;
};

/// One pipeline a kernel and shape, made when the model is loaded. Outlived by the Device, which has int64.
class FixedKernels {
public:
    static Result<FixedKernels> create(Device& device, Packing packing, const ProductTuning& tuning);

    /// The front of one BitLinear, or of three that are given the same.
    void normQuantise(Commands& commands, const FixedQuantisePush& push) const { quantise(commands, normQuantise_[0], push); }
    void normQuantiseThree(Commands& commands, const FixedQuantisePush& push) const {
        quantise(commands, normQuantise_[1], push);
    }
    void plainQuantise(Commands& commands, const FixedQuantisePush& push) const { quantise(commands, plainQuantise_, push); }
    void gateQuantise(Commands& commands, const FixedQuantisePush& push) const { quantise(commands, gateQuantise_, push); }
    void gluQuantise(Commands& commands, const FixedQuantisePush& push) const { quantise(commands, gluQuantise_, push); }
    void bitLinear(Commands& commands, const BitLinearPush& push, std::uint32_t projections, ProductResult result) const {
        (push.tokens > 1 ? several_ : one_).record(commands, push, projections, result);
    }
    void mlgru(Commands& commands, const FixedMlgruPush& push) const;
    void edit(Commands& commands, VkDeviceAddress values, VkDeviceAddress edits, EditRange range, std::uint32_t width,
              std::uint32_t tokens, int fraction) const;
    void add(Commands& commands, VkDeviceAddress x, VkDeviceAddress y, std::uint32_t width, std::uint32_t tokens) const;

private:
    static void quantise(Commands& commands, const Pipeline& pipeline, const FixedQuantisePush& push) {
        commands.dispatch(pipeline, push, {push.tokens, 1, 1});
    }

    std::array<Pipeline, 2> normQuantise_;  // of one BitLinear, of three
    Pipeline plainQuantise_, gateQuantise_, gluQuantise_, mlgru_, edit_, add_;
    BitLinearProduct one_, several_;  // tokens
};

}  // namespace ternion::vulkan
