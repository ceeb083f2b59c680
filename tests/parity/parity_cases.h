// Shapes and inputs that find a wrong kernel, and what every device must give for them: the reference's bits.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "backend/backend.h"

namespace ternion::parity {

/// Equal to the last bit (so -0 is not +0), and where not.
inline void expectSameBits(std::span<const float> expected, std::span<const float> found, const std::string& what) {
    ASSERT_EQ(expected.size(), found.size()) << what;
    for (std::size_t k = 0; k < expected.size(); ++k)
        ASSERT_EQ(std::bit_cast<std::uint32_t>(expected[k]), std::bit_cast<std::uint32_t>(found[k]))
            << what << " at " << k << ": " << expected[k] << " became " << found[k];
}

/// Rows and columns that are multiples of nothing, one less and one more than a block, and the published widths' kind.
struct Shape {
    int rows;
    int cols;
};
inline const std::vector<Shape>& shapes() {
    static const std::vector<Shape> all{{1, 1},   {7, 7},   {1, 255},   {255, 257}, {33, 256},
                                        {5, 300}, {97, 31}, {300, 129}, {64, 1024}, {17, 5632}};
    return all;
}

/// A matrix with every trit, all the same, or random by thirds; norms around 1, some negative.
inline BitLinear bitLinear(Shape shape, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<std::int8_t> trits(static_cast<std::size_t>(shape.rows) * static_cast<std::size_t>(shape.cols));
    for (auto& trit : trits) trit = static_cast<std::int8_t>(static_cast<int>(random() % 3) - 1);
    // One row of each extreme, where there are rows enough.
    for (int row = 1; row < std::min(3, shape.rows); ++row)
        std::fill_n(trits.begin() + std::ptrdiff_t{row} * shape.cols, shape.cols, static_cast<std::int8_t>(2 * row - 3));
    auto weight = TernaryMatrix::fromTrits(trits, shape.rows, shape.cols, 0.0371F);
    EXPECT_TRUE(weight.ok());
    BitLinear linear{std::move(*weight), std::vector<float>(static_cast<std::size_t>(shape.cols))};
    std::normal_distribution<float> norm(1.0F, 0.5F);
    for (float& g : linear.norm) g = norm(random);
    return linear;
}

struct Input {
    std::string name;
    std::vector<float> x;  ///< `[tokens, cols]`
};

/// What breaks arithmetic: nothing, huge and tiny values, one outlier among small ones, values that fall on rounding ties, and
/// ordinary ones for several tokens (more than any tile holds).
inline std::vector<Input> inputs(int cols) {
    const auto n = static_cast<std::size_t>(cols);
    std::mt19937_64 random(static_cast<std::uint64_t>(cols));
    std::normal_distribution<float> normal;
    const auto filled = [&](std::size_t tokens, auto value) {
        std::vector<float> x(tokens * n);
        for (std::size_t k = 0; k < x.size(); ++k) x[k] = value(k);
        return x;
    };
    std::vector<Input> all;
    for (const std::size_t tokens : {1, 2, 3, 5, 67})
        all.push_back({std::to_string(tokens) + " tokens", filled(tokens, [&](std::size_t) { return normal(random); })});
    all.push_back({"zeros", filled(1, [](std::size_t) { return 0.0F; })});
    all.push_back({"negative zeros", filled(2, [](std::size_t) { return -0.0F; })});
    all.push_back({"huge", filled(2, [&](std::size_t) { return normal(random) * 1e15F; })});
    all.push_back({"squares overflow", filled(1, [&](std::size_t) { return normal(random) * 1e30F; })});
    all.push_back({"tiny", filled(2, [&](std::size_t) { return normal(random) * 1e-15F; })});
    all.push_back({"outlier", filled(3, [&](std::size_t k) { return k % n == n / 2 ? 1e4F : normal(random) * 0.01F; })});
    // Multiples of a half against a largest of 127: with norms of one these are ties of the rounding to int8.
    all.push_back(
        {"ties", filled(2, [&](std::size_t k) { return k % n == 0 ? 127.0F : static_cast<float>(k % 255) / 2.0F - 63.5F; })});
    return all;
}

/// A model whose every dimension is odd: no width is a multiple of a block, a register or a thread's share.
inline ModelConfig oddConfig(int hidden, int inner) {
    ModelConfig config;
    config.vocabSize = 101;
    config.hiddenSize = hidden;
    config.numLayers = 3;
    config.intermediateSize = inner;
    return config;
}

/// randomModel with norms that are not all one.
inline Model makeOddModel(const ModelConfig& config, std::uint64_t seed = 5) {
    auto model = randomModel(config, seed);
    EXPECT_TRUE(model.ok());
    std::mt19937_64 random(seed);
    std::normal_distribution<float> norm(1.0F, 0.3F);
    const auto vary = [&](std::vector<float>& values) {
        for (float& value : values) value = norm(random);
    };
    for (Layer& layer : model->layers)
        for (auto* values : {&layer.attnNorm, &layer.gNorm, &layer.mlpNorm, &layer.i.norm, &layer.f.norm, &layer.g.norm,
                             &layer.o.norm, &layer.gate.norm, &layer.down.norm})
            vary(*values);
    vary(model->norm);
    vary(model->head.norm);
    return std::move(*model);
}
inline std::shared_ptr<const Model> oddModel(const ModelConfig& config, std::uint64_t seed = 5) {
    return std::make_shared<const Model>(makeOddModel(config, seed));
}

inline std::vector<std::shared_ptr<const Model>> models() {
    return {oddModel(oddConfig(61, 77)), oddModel(oddConfig(257, 300)), oddModel(oddConfig(512, 1536))};
}

inline std::vector<TokenId> tokenIds(int count, int vocabSize) {
    std::vector<TokenId> ids(static_cast<std::size_t>(count));
    for (int k = 0; k < count; ++k) ids[static_cast<std::size_t>(k)] = (k * 37 + 11) % vocabSize;
    return ids;
}

inline TraceRequest everything(int numLayers) {
    TraceRequest request = TraceRequest::hiddenStates(numLayers);
    for (int layer = 0; layer < numLayers; ++layer)
        for (int k = 1; k < traceTensors; ++k) request.items.push_back({static_cast<TraceTensor>(k), layer});
    return request;
}

inline TraceRequest gatesOf(int layer) {
    return {{{TraceTensor::ForgetGate, layer},
             {TraceTensor::Candidate, layer},
             {TraceTensor::State, layer},
             {TraceTensor::OutputGate, layer}}};
}

/// For each tensor, edits of every kind that overlap; then a whole layer taken out.
inline std::vector<Intervention> interventions() {
    std::vector<Intervention> all;
    for (int k = 0; k < traceTensors; ++k) {
        const auto tensor = static_cast<TraceTensor>(k);
        all.push_back({{tensor, 1, 3, 5, Edit::Kind::Scale, -0.5F, 0.0F},
                       {tensor, 1, 6, 0, Edit::Kind::Clamp, -0.1F, 0.2F},
                       {tensor, 1, 2, 3, Edit::Kind::Pin, 0.7F, 0.0F},
                       {tensor, 1, 4, 1, Edit::Kind::Scale, 3.0F, 0.0F}});
    }
    all.push_back(withoutLayer(1));
    return all;
}

/// What one pass shows of itself.
struct Passed {
    ForwardOutput output;
    StateSnapshot state;
};

/// `ids` in parts of `chunk` tokens (the last shorter), all logits and traces put together again.
inline Passed pass(DeviceModel& device, std::span<const TokenId> ids, std::size_t chunk, const TraceRequest& request,
                   const Intervention& intervention = {}) {
    Passed all;
    auto state = device.createState();
    EXPECT_TRUE(state.ok());
    ForwardOptions options;
    options.logits = LogitsWanted::All;
    options.trace = request;
    options.intervention = intervention;
    for (std::size_t at = 0; at < ids.size(); at += chunk) {
        auto part = device.forward(ids.subspan(at, std::min(chunk, ids.size() - at)), **state, options);
        EXPECT_TRUE(part.ok());
        if (!part.ok()) return all;
        auto& output = all.output;
        output.logits.insert(output.logits.end(), part->logits.begin(), part->logits.end());
        output.trace.tensors.resize(part->trace.tensors.size());
        for (std::size_t k = 0; k < part->trace.tensors.size(); ++k) {
            const auto& from = part->trace.tensors[k];
            auto& to = output.trace.tensors[k];
            to.item = from.item;
            to.width = from.width;
            to.tokens += from.tokens;
            to.values.insert(to.values.end(), from.values.begin(), from.values.end());
        }
    }
    const auto snapshot = (*state)->snapshot();
    EXPECT_TRUE(snapshot.ok());
    all.state = *snapshot;
    return all;
}

/// All that can be traced is.
inline Passed pass(DeviceModel& device, std::span<const TokenId> ids, std::size_t chunk) {
    return pass(device, ids, chunk, everything(device.model().config.numLayers));
}

inline const Trace::Tensor* find(const Trace& trace, TraceRequest::Item item) {
    const auto found = std::find_if(trace.tensors.begin(), trace.tensors.end(),
                                    [&](const Trace::Tensor& tensor) { return tensor.item == item; });
    return found == trace.tensors.end() ? nullptr : &*found;
}

/// `expected` has traced all that `found` has, or more.
inline void expectSame(const Passed& expected, const Passed& found, const std::string& what) {
    expectSameBits(expected.output.logits, found.output.logits, what + " logits");
    for (const auto& tensor : found.output.trace.tensors) {
        const auto* wanted = find(expected.output.trace, tensor.item);
        ASSERT_NE(wanted, nullptr) << what;
        EXPECT_EQ(wanted->tokens, tensor.tokens);
        expectSameBits(wanted->values, tensor.values,
                       what + " " + std::string(nameOf(tensor.item.tensor)) + ", layer " + std::to_string(tensor.item.layer));
    }
    expectSameBits(expected.state.h, found.state.h, what + " state");
    EXPECT_EQ(expected.state.position, found.state.position) << what;
}

/// Every BitLinear of the shapes above on every input: codes, steps, accumulators and results.
inline void expectSameBitLinears(DeviceModel& reference, DeviceModel& device) {
    for (const Shape shape : shapes()) {
        auto linear = bitLinear(shape, 7);
        for (const bool plainNorm : {false, true}) {
            if (plainNorm) std::fill(linear.norm.begin(), linear.norm.end(), 1.0F);
            for (const Input& input : inputs(shape.cols)) {
                const std::string what = std::to_string(shape.rows) + "x" + std::to_string(shape.cols) + ", " + input.name;
                const auto expected = reference.bitLinear(linear, input.x);
                const auto found = device.bitLinear(linear, input.x);
                ASSERT_TRUE(expected.ok() && found.ok()) << what;
                ASSERT_EQ(expected->codes, found->codes) << what;
                ASSERT_EQ(expected->accumulators, found->accumulators) << what;
                expectSameBits(expected->steps, found->steps, what + " steps");
                expectSameBits(expected->y, found->y, what);
            }
        }
    }
}

/// Whole passes and single layers. Both devices hold the same model.
inline void expectSamePasses(DeviceModel& reference, DeviceModel& device) {
    const ModelConfig& config = reference.model().config;
    const auto ids = tokenIds(131, config.vocabSize);
    const Passed expected = pass(reference, ids, ids.size(), everything(config.numLayers));
    // What is asked for decides which kernels run.
    expectSame(expected, pass(device, ids, ids.size(), {}), "nothing traced:");
    expectSame(expected, pass(device, ids, 64, gatesOf(1)), "a layer's gates:");
    expectSame(expected, pass(device, ids, 1, TraceRequest::hiddenStates(config.numLayers)), "hidden states:");
    expectSame(expected, pass(device, ids, ids.size(), gatesOf(0)), "a layer's gates, all at once:");
    for (const std::size_t chunk : {ids.size(), std::size_t{7}})
        expectSame(expected, pass(device, ids, chunk, everything(config.numLayers)), "parts of " + std::to_string(chunk) + ":");

    for (const Input& input : inputs(config.hiddenSize)) {
        if (input.name == "huge" || input.name == "squares overflow") continue;  // the residual would overflow: no numbers
        auto one = reference.createState(), other = device.createState();
        ASSERT_TRUE(one.ok() && other.ok());
        for (const int layer : {0, config.numLayers - 1}) {
            const auto wanted = reference.forwardLayer(layer, input.x, **one);
            const auto found = device.forwardLayer(layer, input.x, **other);
            ASSERT_TRUE(wanted.ok() && found.ok());
            expectSameBits(*wanted, *found, "layer " + std::to_string(layer) + ", " + input.name);
        }
        expectSameBits((*one)->snapshot()->h, (*other)->snapshot()->h, "state after " + input.name);
    }
}

/// Edits of every intermediate, seen and unseen, of few tokens and of many.
inline void expectSameInterventions(DeviceModel& reference, DeviceModel& device) {
    const ModelConfig& config = reference.model().config;
    const auto ids = tokenIds(41, config.vocabSize);
    const Passed untouched = pass(reference, ids, ids.size(), {});
    for (const Intervention& intervention : interventions()) {
        const std::string what = describe(intervention.front()) + ":";
        const Passed expected = pass(reference, ids, ids.size(), everything(config.numLayers), intervention);
        ASSERT_NE(expected.output.logits, untouched.output.logits) << what;
        expectSame(expected, pass(device, ids, 7, everything(config.numLayers), intervention), what);
        expectSame(expected, pass(device, ids, ids.size(), {}, intervention), what + " unseen");
    }
    expectSame(untouched, pass(device, ids, ids.size(), {}), "after all edits:");
}

/// The final norm and the head of states that no pass has made.
inline void expectSameReadOuts(DeviceModel& reference, DeviceModel& device) {
    for (const Input& input : inputs(reference.model().config.hiddenSize)) {
        const auto expected = reference.readOut(input.x, {}), found = device.readOut(input.x, {});
        ASSERT_TRUE(expected.ok() && found.ok()) << input.name;
        expectSameBits(*expected, *found, "read out of " + input.name);
    }
    std::stop_source stopped;
    stopped.request_stop();
    const auto none = device.readOut(inputs(reference.model().config.hiddenSize).front().x, stopped.get_token());
    ASSERT_FALSE(none.ok());
    EXPECT_EQ(none.error().code, ErrorCode::Cancelled);
}

/// All of it: what a device has to pass to be called equal.
inline void expectSameAsReference(DeviceModel& reference, DeviceModel& device) {
    expectSameBitLinears(reference, device);
    expectSamePasses(reference, device);
}

}  // namespace ternion::parity
