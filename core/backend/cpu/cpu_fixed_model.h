// The fixed profile on the host's processor: the golden model that every other device of this profile is compared with.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "backend/cpu/cpu_watch.h"
#include "backend/cpu/kernels.h"
#include "backend/cpu/thread_pool.h"
#include "backend/fixed_weights.h"

namespace ternion {

/// Reads like fixed_profile.h: one token after another. Only products with trits are spread over threads and vector units;
/// they are exact in any order.
class CpuFixedModel final : public DeviceModel {
public:
    /// OutOfMemory where the system gives no threads. InvalidArgument for the dense packing, which it has not.
    static Result<std::unique_ptr<DeviceModel>> create(std::shared_ptr<const Model> model, DeviceInfo device,
                                                       const Kernels& kernels, int threads, Packing packing);

    const Model& model() const override { return *model_; }
    const DeviceInfo& device() const override { return device_; }
    Profile profile() const override { return Profile::Fixed; }
    Result<std::unique_ptr<DeviceState>> createState() override;
    Result<ForwardOutput> forward(std::span<const TokenId> tokens, DeviceState& state, const ForwardOptions& options) override;
    MemoryUse memory() const override;
    Result<double> measureReadBandwidth() override;
    Result<std::vector<float>> readOut(std::span<const float> x, const std::stop_token& stop) override;
    Result<std::vector<float>> forwardLayer(int layer, std::span<const float> x, DeviceState& state) override;
    Result<BitLinearOutput> bitLinear(const BitLinear& linear, std::span<const float> x) override;

private:
    using Vector = std::vector<std::int32_t>;

    CpuFixedModel(std::shared_ptr<const Model> model, DeviceInfo device, const Kernels& kernels, int threads);
    void embed(TokenId token);
    void runLayer(int layer, std::int32_t* h, const CpuWatch* watch, int token);
    void runHead(float* logits);
    /// S of p under a norm's weights, epsilon included.
    static fixed::Root root(const fixed::Norm& norm, std::span<const std::int32_t> p, std::uint64_t first);
    /// Quantises p for `linear` and multiplies: accumulators_ and y.
    void project(const fixed::Linear& linear, const fixed::Root& root, std::span<const std::int32_t> p, Vector& y);
    static void see(const CpuWatch* watch, TraceTensor tensor, int layer, int token, std::span<std::int32_t> values);

    std::shared_ptr<const Model> model_;
    DeviceInfo device_;
    const Kernels& kernels_;
    ThreadPool pool_;
    fixed::Weights weights_;
    Vector x_, i_, f_, g_, o_, uv_, mixed_, u_;
    Vector accumulators_;
    fixed::CodeScale scale_;           // of the last project()
    std::vector<std::int8_t> codes_;   // of the last project(), by column
    std::vector<std::int8_t> placed_;  // the same as Kernels::accumulate wants them
};

}  // namespace ternion
