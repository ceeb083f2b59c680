// A model resident on a Vulkan device: the whole forward pass in compute shaders.
#pragma once

#include <optional>

#include "backend/backend.h"
#include "backend/vulkan/vulkan_decode.h"
#include "backend/vulkan/vulkan_kernels.h"
#include "backend/vulkan/vulkan_weights.h"

namespace ternion::vulkan {

/// The states of all layers on the device, and the commands that decode one token with them, recorded at the first.
class VulkanState final : public DeviceState {
public:
    static Result<std::unique_ptr<VulkanState>> create(std::shared_ptr<Device> device, const ModelConfig& config);

    Status reset() override;
    Result<StateSnapshot> snapshot() const override;
    Status restore(const StateSnapshot& snapshot) override;
    Status rewind() override;

private:
    friend class VulkanModel;
    explicit VulkanState(std::shared_ptr<Device> device) : device_(std::move(device)) {}
    Status transfer(const Buffer& from, const Buffer& to) const;

    std::shared_ptr<Device> device_;
    std::size_t floats_ = 0;
    Buffer h_;       // [layers, S]
    Buffer before_;  // the same before the last persistent decode
    Buffer upload_;  // the same size, seen by the host
    Buffer readback_;
    std::array<std::optional<Commands>, 2> persistent_;  // [tokens are drawn]
    std::optional<Commands> decode_;
    int decodeReadback_ = 0;  // the readback buffer that decode_ writes
    std::int64_t position_ = 0;
    std::int64_t positionBefore_ = -1;  // of before_; -1: it holds nothing
};

class VulkanModel final : public DeviceModel {
public:
    static Result<std::unique_ptr<DeviceModel>> load(std::shared_ptr<Device> device, std::shared_ptr<const Model> model,
                                                     Packing packing, const Progress& progress);

    const Model& model() const override { return *model_; }
    const DeviceInfo& device() const override { return device_->physical().info; }
    Packing packing() const override { return packing_; }
    Result<std::unique_ptr<DeviceState>> createState() override;
    Result<ForwardOutput> forward(std::span<const TokenId> tokens, DeviceState& state, const ForwardOptions& options) override;
    Result<DecodeOutput> decode(const DecodeRequest& request, DeviceState& state) override;
    int mostAhead() const override { return persistent_ ? static_cast<int>(PersistentDecode::mostTokens) : 1; }
    MemoryUse memory() const override;
    Result<std::uint64_t> memoryInUse() const override { return device_->used(); }
    Result<PassTimes> timeKernels(int tokens) override;
    Result<double> measureReadBandwidth() override { return vulkan::measureReadBandwidth(*device_); }
    Result<std::vector<float>> readOut(std::span<const float> x, const std::stop_token& stop) override;
    Result<std::vector<float>> forwardLayer(int layer, std::span<const float> x, DeviceState& state) override;
    Result<BitLinearOutput> bitLinear(const BitLinear& linear, std::span<const float> x) override;

private:
    /// What a pass works in, for up to `chunk` tokens.
    struct Scratch {
        std::array<Buffer, 2> input;  // [T, D], written by the host: embeddings of a chunk, and of the next
        Buffer x;                     // [T, D] the residual stream
        Buffer y;                     // [P, T, rows] what BitLinears give; h of each token
        Buffer codes, steps, sums;    // [P, T, in] what BitLinears are given, quantised
        Buffer logits;                // [headTokens, V]
        Buffer readback;              // logits, then what is traced
        Buffer edits;                 // of the intervention, written by the host; there is none before the first
    };
    /// A part of a prefill that the device works on.
    struct Chunk {
        Commands commands;
        int first;
        std::uint32_t tokens;
        ReadbackPlan plan;
    };

    VulkanModel(std::shared_ptr<Device> device, std::shared_ptr<const Model> model, Packing packing, DeviceWeights weights,
                Kernels kernels)
        : device_(std::move(device)),
          model_(std::move(model)),
          packing_(packing),
          weights_(std::move(weights)),
          kernels_(std::move(kernels)) {}
    Status allocateScratch();
    void embed(std::span<const TokenId> tokens, std::span<float> rows) const;
    QuantisePush quantisePush(const Buffer& x, VkDeviceAddress weight, const DeviceBitLinear& linear,
                              std::uint32_t tokens) const;
    BitLinearPush productPush(const DeviceBitLinear& linear, const Buffer& y, std::uint32_t tokens) const;
    void recordRecurrence(Commands& commands, std::size_t layer, const VulkanState& state, std::uint32_t tokens,
                          bool keepGates) const;
    void recordOutputGate(Commands& commands, std::size_t layer, std::uint32_t tokens, bool keptGates) const;
    void recordChannelMixer(Commands& commands, std::size_t layer, std::uint32_t tokens) const;
    void recordHead(Commands& commands, std::uint32_t first, std::uint32_t tokens) const;
    /// A part of a buffer, `[tokens, width]`, that a trace or an intervention may name.
    struct Seen {
        const Buffer& buffer;
        VkDeviceSize offset = 0;
    };
    void keep(Commands& commands, const Watch& watch, TraceRequest::Item item, Seen seen) const;
    void see(Commands& commands, const Watch& watch, TraceRequest::Item item, Seen seen, std::uint32_t tokens) const;
    bool takesApart(const Watch& watch, int layer) const;
    void recordMixers(Commands& commands, int layer, const VulkanState& state, std::uint32_t tokens, const Watch& watch) const;
    void recordMixersApart(Commands& commands, int layer, const VulkanState& state, std::uint32_t tokens,
                           const Watch& watch) const;
    void recordPass(Commands& commands, const Buffer& input, const VulkanState& state, std::uint32_t tokens,
                    const Watch& watch) const;
    Status makeRoomToRead(const ReadbackPlan& plan);
    Status decodeStep(TokenId token, VulkanState& state, ForwardOutput& output);
    Status finishChunk(const Chunk& chunk, VulkanState& state, ForwardOutput& output);

    std::shared_ptr<Device> device_;
    std::shared_ptr<const Model> model_;
    Packing packing_;
    DeviceWeights weights_;
    Kernels kernels_;
    std::optional<PersistentDecode> persistent_;
    Scratch scratch_;
    std::uint32_t chunk_ = 1;         // tokens a submission, at most
    std::uint32_t watchedChunk_ = 1;  // the same where something is traced or edited
    std::uint32_t headTokens_ = 1;    // tokens that go through the head together
    int readbackMade_ = 0;            // counts the buffers that scratch_.readback has been
};

}  // namespace ternion::vulkan
