// The kernels of vulkan-shaders as the host sees them: push constants and how many workgroups.
#pragma once

#include <array>

#include "backend/vulkan/vulkan_device.h"

namespace ternion::vulkan {

// Twins of the kernels' push constant blocks; what each field is, is written there.
struct QuantisePush {
    VkDeviceAddress x, state, weight, values, norms, codes, steps, sums;
    std::uint32_t width, tokens;
    float eps;
    std::uint32_t keepValues = 0;
};

struct BitLinearPush {
    VkDeviceAddress weights, codes, steps, sums, y;
    std::array<float, 3> gamma;
    std::uint32_t rows, columns, tokens;
    std::uint32_t bounded = 0;  // these two for ProductResult::Gates
    VkDeviceAddress lowerBound = 0;
};

struct MlgruPush {
    VkDeviceAddress candidates, forgets, lowerBound, state, states;
    std::uint32_t width, tokens, bounded;
};

/// What a BitLinear's product becomes.
enum class ProductResult : std::uint32_t {
    Store,
    AddToResidual,
    Accumulators,
    Gates,  ///< of i, f and g: silu(i), f above its lower bound, g; where fuses() alone
    Glu,    ///< silu(u) * v; where fuses() alone
};

/// One pipeline a kernel and shape, made when the model is loaded. Outlived by the Device.
class Kernels {
public:
    static Result<Kernels> create(Device& device, Packing packing);

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

private:
    static void quantise(Commands& commands, const Pipeline& pipeline, const QuantisePush& push) {
        commands.dispatch(pipeline, push, {push.tokens, 1, 1});
    }

    std::uint64_t rowBytes(std::uint32_t columns) const;  ///< of packed trits

    Packing packing_ = Packing::TwoBit;
    std::array<Pipeline, 2> normQuantise_;  // of one BitLinear, of three
    Pipeline plainQuantise_, gateQuantise_, gluQuantise_;
    std::array<std::array<Pipeline, 2>, 2> mlgru_;  // [activated][keepGates]
    std::array<Pipeline, 5> matrix_;                // [ProductResult]
    bool fuses_ = false;
    std::array<std::array<Pipeline, 3>, 2> bitLinear_;  // [one token, a tile of tokens][ProductResult]
    std::uint32_t groupRows_ = 1;
    std::uint32_t tileTokens_ = 1;
    std::uint32_t maxGroups_ = 1;
};

/// Bytes a second that the device reads, timed over a buffer larger than its caches.
Result<double> measureReadBandwidth(Device& device);

}  // namespace ternion::vulkan
