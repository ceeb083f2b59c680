// A model of the fixed profile resident on a Vulkan device: the golden model (backend/cpu/cpu_fixed_model.h) to the bit.
#pragma once

#include <optional>

#include "backend/backend.h"
#include "backend/fixed_weights.h"
#include "backend/vulkan/pass_watch.h"
#include "backend/vulkan/vulkan_fixed_kernels.h"
#include "backend/vulkan/vulkan_kernels.h"
#include "backend/vulkan/vulkan_weights.h"

namespace ternion::vulkan {

/// The states of all layers on the device, and the commands that decode one token with them, recorded at the first.
class VulkanFixedState final : public DeviceState {
public:
    static Result<std::unique_ptr<VulkanFixedState>> create(std::shared_ptr<Device> device, const ModelConfig& config);

    Status reset() override;
    Result<StateSnapshot> snapshot() const override;
    Status restore(const StateSnapshot& snapshot) override;

private:
    friend class VulkanFixedModel;
    explicit VulkanFixedState(std::shared_ptr<Device> device) : device_(std::move(device)) {}
    Status transfer(const Buffer& from, const Buffer& to) const;

    std::shared_ptr<Device> device_;
    std::size_t values_ = 0;
    Buffer h_;       // [layers, S]
    Buffer upload_;  // the same size, seen by the host
    Buffer readback_;
    std::optional<Commands> decode_;
    int decodeReadback_ = 0;  // the readback buffer that decode_ writes
    std::int64_t position_ = 0;
};

/// A layer is nine dispatches, of which every intermediate but what mixers add stays in memory; a traced or edited one of
/// these is stored before it is added.
class VulkanFixedModel final : public DeviceModel {
public:
    /// Unsupported where the device has no integers of 64 bits.
    static Result<std::unique_ptr<DeviceModel>> load(std::shared_ptr<Device> device, std::shared_ptr<const Model> model,
                                                     Packing packing, const Progress& progress);

    const Model& model() const override { return *model_; }
    const DeviceInfo& device() const override { return device_->physical().info; }
    Packing packing() const override { return packing_; }
    Profile profile() const override { return Profile::Fixed; }
    Result<std::unique_ptr<DeviceState>> createState() override;
    Result<ForwardOutput> forward(std::span<const TokenId> tokens, DeviceState& state, const ForwardOptions& options) override;
    MemoryUse memory() const override;
    Result<std::uint64_t> memoryInUse() const override { return device_->used(); }
    Result<PassTimes> timeKernels(int tokens) override;
    Result<double> measureReadBandwidth() override { return vulkan::measureReadBandwidth(*device_); }
    Result<std::vector<float>> readOut(std::span<const float> x, const std::stop_token& stop) override;
    Result<std::vector<float>> forwardLayer(int layer, std::span<const float> x, DeviceState& state) override;
    Result<BitLinearOutput> bitLinear(const BitLinear& linear, std::span<const float> x) override;

private:
    /// What a pass works in, for up to `chunk` tokens; all values are int32.
    struct Scratch {
        Buffer input;                  // [T, D], written by the host
        Buffer x;                      // [T, D] the residual stream
        Buffer y;                      // [P, T, rows] what BitLinears give; h of each token, the GLU's product
        Buffer codes, rescales, sums;  // [P, T, in] what BitLinears are given, quantised
        Buffer logits;                 // [headTokens, V]
        Buffer readback;               // logits, then what is traced
        Buffer edits;                  // of the intervention, written by the host; there is none before the first
    };

    VulkanFixedModel(std::shared_ptr<Device> device, std::shared_ptr<const Model> model, Packing packing,
                     fixed::Weights numbers, DeviceWeights weights, FixedKernels kernels)
        : device_(std::move(device)),
          model_(std::move(model)),
          packing_(packing),
          numbers_(std::move(numbers)),
          weights_(std::move(weights)),
          kernels_(std::move(kernels)) {}
    Status allocateScratch();
    Status makeRoomToRead(const ReadbackPlan& plan);
    void embed(std::span<const TokenId> tokens) const;
    void put(std::span<const float> values) const;
    FixedQuantisePush quantisePush(VkDeviceAddress x, const fixed::Norm& norm, VkDeviceAddress weight,
                                   std::initializer_list<const fixed::Linear*> linears, const DeviceBitLinear& on,
                                   std::uint32_t tokens) const;
    BitLinearPush productPush(const DeviceBitLinear& linear, const Buffer& y, std::uint32_t tokens) const;
    void see(Commands& commands, const Watch& watch, TraceRequest::Item item, const Buffer& buffer, VkDeviceSize offset,
             std::uint32_t tokens) const;
    void keep(Commands& commands, const Watch& watch, TraceRequest::Item item, const Buffer& buffer, VkDeviceSize offset) const;
    void recordAddition(Commands& commands, TraceRequest::Item item, const DeviceBitLinear& linear, std::uint32_t tokens,
                        const Watch& watch) const;
    void recordLayer(Commands& commands, int layer, const VulkanFixedState& state, std::uint32_t tokens,
                     const Watch& watch) const;
    void recordHead(Commands& commands, std::uint32_t first, std::uint32_t tokens) const;
    void recordPass(Commands& commands, const VulkanFixedState& state, std::uint32_t tokens, const Watch& watch) const;
    Status decodeStep(TokenId token, VulkanFixedState& state, ForwardOutput& output);
    void appendLogits(std::uint32_t rows, std::vector<float>& logits) const;
    void readTraced(const ReadbackPlan& plan, int first, std::uint32_t tokens, Trace& trace) const;

    std::shared_ptr<Device> device_;
    std::shared_ptr<const Model> model_;
    Packing packing_;
    fixed::Weights numbers_;
    DeviceWeights weights_;
    FixedKernels kernels_;
    Scratch scratch_;
    std::uint32_t chunk_ = 1;       // tokens a submission, at most
    std::uint32_t headTokens_ = 1;  // tokens that go through the head together
    int readbackMade_ = 0;          // counts the buffers that scratch_.readback has been
};

}  // namespace ternion::vulkan
