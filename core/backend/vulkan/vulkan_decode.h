// Decode as one dispatch for several tokens: vulkan-shaders/decode_token.glsl, seen from the host.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "backend/vulkan/vulkan_device.h"
#include "backend/vulkan/vulkan_weights.h"

namespace ternion::vulkan {

/// A kernel that stays on the device for whole tokens, and what it works in. Outlived by the Device and the weights.
class PersistentDecode {
public:
    /// Most tokens of one submission: what a stop waits for.
    static constexpr std::uint32_t mostTokens = 16;

    /// None where the device or the shape of the model does not allow it, paths.persistent is Off or
    /// `packing` is not TwoBit. DeviceOutOfMemory.
    static Result<std::optional<PersistentDecode>> create(Device& device, const Model& model, const DeviceWeights& weights,
                                                          Packing packing);

    struct Outcome {
        bool gaveUp = false;  ///< the workgroups were not all on the device at once: nothing has happened
        std::vector<TokenId> chosen;
    };
    /// Records the commands that work on a state: `h` is `[layers, S]`, `before` a copy of it that each run makes first.
    /// `draws`: for requests whose choice does. The kernel for that is made when it is first wanted.
    Result<Commands> record(Device& device, const Buffer& h, const Buffer& before, bool draws);
    /// The logits of the last token fed are in logits() then. From more than 65,536 tokens it draws none.
    Result<Outcome> run(Device& device, const Commands& commands, const DecodeRequest& request);
    std::span<const float> logits() const { return readback_.as<const float>().first(vocabulary_); }

    VkDeviceSize deviceBytes() const { return table_.size + exchange_.size + drawing_.size + logits_.size; }

private:
    struct Push {
        VkDeviceAddress table, embeddings, state, logits, exchange, request, reply, drawing;
        float eps;
        std::uint32_t patience;
    };
    Status makePipeline(Device& device, bool draws);

    std::array<std::uint32_t, 14> constants_{};  // the last is whether tokens are drawn
    std::array<Pipeline, 2> pipelines_;          // [draws]
    Push push_{};
    std::uint32_t groups_ = 0;
    std::size_t vocabulary_ = 0;
    Buffer table_;       // of the layers' weights
    Buffer embeddings_;  // on the host: a row a token is read
    Buffer exchange_;
    Buffer drawing_;
    Buffer logits_;
    Buffer request_, reply_, readback_;
};

}  // namespace ternion::vulkan
