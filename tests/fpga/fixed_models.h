// Small models whose every part differs, and what their passes are compared by.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "backend/cpu/cpu_backend.h"

namespace ternion::fpga {

/// Norms of either sign around 1, one of them tiny; `width` need not be a multiple of anything.
inline Model makeModel(int width, int inner, int layers, std::uint64_t seed) {
    ModelConfig config;
    config.vocabSize = 83;
    config.hiddenSize = width;
    config.numLayers = layers;
    config.intermediateSize = inner;
    auto model = randomModel(config, seed);
    if (!model) throw std::logic_error(model.error().text());
    std::mt19937_64 random(seed);
    std::normal_distribution<float> norm(1.0F, 0.5F);
    const auto vary = [&](std::vector<float>& weights) {
        for (float& w : weights) w = norm(random);
        weights.front() = 1e-4F;
    };
    for (Layer& layer : model->layers) {
        for (auto* weights : {&layer.attnNorm, &layer.gNorm, &layer.mlpNorm}) vary(*weights);
        for (BitLinear* linear : {&layer.i, &layer.f, &layer.g, &layer.o, &layer.gate, &layer.down}) vary(linear->norm);
    }
    vary(model->norm);
    vary(model->head.norm);
    return std::move(*model);
}
inline std::shared_ptr<const Model> modelOf(int width, int inner, int layers, std::uint64_t seed) {
    return std::make_shared<const Model>(makeModel(width, inner, layers, seed));
}

/// The golden model of the fixed profile.
inline std::unique_ptr<DeviceModel> goldenModel(const std::shared_ptr<const Model>& model) {
    auto loaded = makeCpuBackend()->load(model, 0, {}, {.profile = Profile::Fixed});
    if (!loaded) throw std::logic_error(loaded.error().text());
    return std::move(*loaded);
}

/// All that a trace can hold.
inline TraceRequest everything(int layers) {
    TraceRequest request;
    for (int layer = 0; layer < layers; ++layer)
        for (int tensor = 0; tensor < traceTensors; ++tensor)
            request.items.push_back({static_cast<TraceTensor>(tensor), layer});
    request.items.push_back({TraceTensor::Residual, layers});
    return request;
}

inline void expectSame(std::span<const float> golden, std::span<const float> found, const std::string& what) {
    ASSERT_EQ(golden.size(), found.size()) << what;
    for (std::size_t k = 0; k < golden.size(); ++k) ASSERT_EQ(golden[k], found[k]) << what << " at " << k;
}

inline void expectSame(const ForwardOutput& golden, const ForwardOutput& found) {
    ASSERT_EQ(golden.trace.tensors.size(), found.trace.tensors.size());
    for (std::size_t k = 0; k < golden.trace.tensors.size(); ++k) {
        const auto& item = golden.trace.tensors[k].item;
        ASSERT_NO_FATAL_FAILURE(expectSame(golden.trace.tensors[k].values, found.trace.tensors[k].values,
                                           std::string(nameOf(item.tensor)) + " of layer " + std::to_string(item.layer)));
    }
    expectSame(golden.logits, found.logits, "logits");
}

}  // namespace ternion::fpga
