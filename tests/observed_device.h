// A real device that a test listens to, and whose failure it decides.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "backend/backend.h"

namespace ternion {

/// Called before a pass with its tokens; an error makes the device fail there.
using PassObserver = std::function<std::optional<Error>(std::span<const TokenId>)>;

/// Forwards everything to a real device. After a failure, states made before are gone, as the contract of DeviceModel says.
class ObservedDevice : public DeviceModel {
public:
    ObservedDevice(std::shared_ptr<DeviceModel> real, DeviceInfo info, PassObserver observer)
        : real_(std::move(real)), info_(std::move(info)), observer_(std::move(observer)) {}

    const Model& model() const override { return real_->model(); }
    const DeviceInfo& device() const override { return info_; }
    Profile profile() const override { return real_->profile(); }
    std::optional<CycleCounts> lastToken() const override { return real_->lastToken(); }
    MemoryUse memory() const override { return real_->memory(); }
    Result<double> measureReadBandwidth() override { return real_->measureReadBandwidth(); }
    Result<std::vector<float>> readOut(std::span<const float> x, const std::stop_token& stop) override {
        return real_->readOut(x, stop);
    }
    Result<BitLinearOutput> bitLinear(const BitLinear& linear, std::span<const float> x) override {
        return real_->bitLinear(linear, x);
    }
    Result<std::unique_ptr<DeviceState>> createState() override {
        TERNION_TRY(auto state, real_->createState());
        return std::unique_ptr<DeviceState>(new State(std::move(state)));
    }
    Result<ForwardOutput> forward(std::span<const TokenId> tokens, DeviceState& state, const ForwardOptions& options) override {
        auto& own = static_cast<State&>(state);
        if (const auto error = observer_(tokens)) own.failure = error;
        if (own.failure) return *own.failure;
        return real_->forward(tokens, *own.real, options);
    }
    Result<std::vector<float>> forwardLayer(int layer, std::span<const float> x, DeviceState& state) override {
        return real_->forwardLayer(layer, x, *static_cast<State&>(state).real);
    }

private:
    struct State : DeviceState {
        explicit State(std::unique_ptr<DeviceState> state) : real(std::move(state)) {}
        Status reset() override { return failure ? Status(*failure) : real->reset(); }
        Result<StateSnapshot> snapshot() const override {
            if (failure) return *failure;
            return real->snapshot();
        }
        Status restore(const StateSnapshot& snapshot) override { return failure ? Status(*failure) : real->restore(snapshot); }

        std::unique_ptr<DeviceState> real;
        std::optional<Error> failure;
    };

    std::shared_ptr<DeviceModel> real_;
    DeviceInfo info_;
    PassObserver observer_;
};

/// A backend's devices under another name.
class ObservedBackend : public Backend {
public:
    ObservedBackend(std::unique_ptr<Backend> real, PassObserver observer)
        : real_(std::move(real)), observer_(std::move(observer)) {}

    std::string_view name() const override { return "observed"; }
    std::vector<DeviceInfo> devices() override {
        auto all = real_->devices();
        for (auto& device : all) device.backend = name();
        return all;
    }
    Result<std::unique_ptr<DeviceModel>> load(std::shared_ptr<const Model> model, int device, const Progress& progress,
                                              const LoadOptions& options) override {
        TERNION_TRY(auto loaded, real_->load(std::move(model), device, progress, options));
        DeviceInfo info = loaded->device();
        info.backend = name();
        return std::unique_ptr<DeviceModel>(new ObservedDevice(std::move(loaded), std::move(info), observer_));
    }

private:
    std::unique_ptr<Backend> real_;
    PassObserver observer_;
};

}  // namespace ternion
