// The kernels of vulkan-shaders as the host sees them: push constants and how many workgroups.
#pragma once

#include <array>

#include "backend/vulkan/bit_linear_product.h"
#include "backend/vulkan/pass_watch.h"
#include "backend/vulkan/product_tuning.h"

namespace ternion::vulkan {

// Twins of the kernels' push constant blocks; what each field is, is written there.
struct QuantisePush {
    VkDeviceAddress x, state, weight, values, norms, codes, steps, sums;
    std::uint32_t width, tokens;
    float eps;
    std::uint32_t keepValues = 0;
};

struct MlgruPush {
    VkDeviceAddress candidates, forgets, lowerBound, state, states;
    std::uint32_t width, tokens, bounded;
};

struct EditedMlgruPush {
    VkDeviceAddress candidates, forgets, lowerBound, state, states, edits;
    EditRange forget, candidate, after;
    std::uint32_t width, tokens, bounded;
};

/// One pipeline a kernel and shape, made when the model is loaded. Outlived by the Device.
class Kernels {
public:
    static Result<Kernels> create(Device& device, Packing packing, const ProductTuning& tuning);

    /// The front of one BitLinear, or of three that are given the same.
    void normQuantise(Commands& commands, const QuantisePush& push) const { quantise(commands, normQuantise_[0], push); }
    void normQuantiseThree(Commands& commands, const QuantisePush& push) const { quantise(commands, normQuantise_[1], push); }
    void plainQuantise(Commands& commands, const QuantisePush& push) const { quantise(commands, plainQuantise_, push); }
    void gateQuantise(Commands& commands, const QuantisePush& push) const { quantise(commands, gateQuantise_, push); }
    void gluQuantise(Commands& commands, const QuantisePush& push) const { quantise(commands, gluQuantise_, push); }
    static constexpr std::uint32_t fewestForMatrix = 32;
    /// Whether so many tokens go through matrix units, whose products end in gates.
    bool fuses(std::uint32_t tokens) const { return fuses() && tokens >= fewestForMatrix; }
    bool fuses() const { return fuses_; }  ///< given tokens enough
    void bitLinear(Commands& commands, const BitLinearPush& push, std::uint32_t projections, ProductResult result) const;
    /// `activated`: of ProductResult::Gates. `keepGates`: f and i stay in the push's places for them.
    void mlgru(Commands& commands, const MlgruPush& push, bool activated, bool keepGates) const;

    // What a layer that is looked at or edited runs instead of the ends of products.
    void edit(Commands& commands, VkDeviceAddress values, VkDeviceAddress edits, EditRange range, std::uint32_t width,
              std::uint32_t tokens) const;
    void editedMlgru(Commands& commands, const EditedMlgruPush& push) const;
    void glu(Commands& commands, VkDeviceAddress uv, VkDeviceAddress out, std::uint32_t width, std::uint32_t tokens) const;
    void add(Commands& commands, VkDeviceAddress x, VkDeviceAddress y, std::uint32_t width, std::uint32_t tokens) const;

private:
    static void quantise(Commands& commands, const Pipeline& pipeline, const QuantisePush& push) {
        commands.dispatch(pipeline, push, {push.tokens, 1, 1});
    }

    Packing packing_ = Packing::TwoBit;
    std::array<Pipeline, 2> normQuantise_;  // of one BitLinear, of three
    Pipeline plainQuantise_, gateQuantise_, gluQuantise_;
    std::array<std::array<Pipeline, 2>, 2> mlgru_;  // [activated][keepGates]
    std::array<Pipeline, 5> matrix_;                // [ProductResult]
    Pipeline edit_, editedMlgru_, glu_, add_;
    bool fuses_ = false;
    BitLinearProduct one_, several_;  // tokens
};

/// Bytes a second that the device reads, timed over a buffer larger than its caches.
Result<double> measureReadBandwidth(Device& device);

}  // namespace ternion::vulkan
