// The fixed profile on every Vulkan device of this machine against the golden model on the processor, to the bit, with the
// validation layer watching.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>

#include "backend/cpu/cpu_backend.h"
#include "backend/fixed_profile.h"
#include "backend/vulkan/vulkan_backend.h"
#include "checkpoint/checkpoint.h"
#include "parity/parity_cases.h"

namespace ternion {
namespace {

using Use = VulkanPaths::Use;

/// A way to the same bits.
struct FixedPath {
    std::string name;
    Packing packing = Packing::TwoBit;
    VulkanPaths choices = {};
};

std::vector<FixedPath> paths() {
    return {{"default", Packing::TwoBit, {}},
            {"dense", Packing::Dense, {}},
            {"dot", Packing::TwoBit, {.packedDot = Use::On, .shape = {64, 8, 2, 3}}},
            {"multiply", Packing::TwoBit, {.packedDot = Use::Off, .shape = {64, 8, 2, 3}}},
            {"no_shuffles", Packing::TwoBit, {.shuffles = Use::Off, .shape = {32, 4, 1, 2}}},
            {"hardware", Packing::TwoBit, {.packedDot = Use::On, .subgroupSize = 32, .shape = {256, 16, 1, 8}}}};
}

std::unique_ptr<Backend> watchedBackend(const VulkanPaths& choices) {
    VulkanOptions options;
    options.paths = choices;
    options.validation = true;
    options.onValidationMessage = [](const std::string& message) { ADD_FAILURE() << message; };
    return makeVulkanBackend(options);
}

std::unique_ptr<DeviceModel> golden(const std::shared_ptr<const Model>& model) {
    auto loaded = makeCpuBackend()->load(model, 0, {}, {Packing::TwoBit, Profile::Fixed});
    EXPECT_TRUE(loaded.ok());
    return std::move(*loaded);
}

/// Calls `test` for each usable device; there must be one (lavapipe is among the packages).
void onEveryDevice(const std::shared_ptr<const Model>& model, const FixedPath& path,
                   const std::function<void(DeviceModel&)>& test) {
    const auto backend = watchedBackend(path.choices);
    int tested = 0;
    for (const DeviceInfo& info : backend->devices()) {
        if (!info.usable) continue;
        SCOPED_TRACE(info.id() + " " + info.name);
        const auto device = backend->load(model, info.index, {}, {path.packing, Profile::Fixed});
        ASSERT_TRUE(device.ok()) << device.error().text();
        EXPECT_EQ((*device)->profile(), Profile::Fixed);
        EXPECT_EQ((*device)->packing(), path.packing);
        test(**device);
        ++tested;
    }
    EXPECT_GT(tested, 0) << "no Vulkan device: install mesa-vulkan-drivers";
}

class VulkanFixed : public testing::TestWithParam<FixedPath> {};

TEST_P(VulkanFixed, BitLinears) {
    const auto model = parity::oddModel(parity::oddConfig(61, 77));
    onEveryDevice(model, GetParam(), [&](DeviceModel& device) { parity::expectSameBitLinears(*golden(model), device); });
}

TEST_P(VulkanFixed, Passes) {
    const auto model = parity::oddModel(parity::oddConfig(61, 77));
    onEveryDevice(model, GetParam(), [&](DeviceModel& device) { parity::expectSamePasses(*golden(model), device); });
}

TEST_P(VulkanFixed, InterventionsAndReadOuts) {
    const auto model = parity::oddModel(parity::oddConfig(61, 77));
    onEveryDevice(model, GetParam(), [&](DeviceModel& device) {
        parity::expectSameInterventions(*golden(model), device);
        parity::expectSameReadOuts(*golden(model), device);
    });
}

INSTANTIATE_TEST_SUITE_P(Paths, VulkanFixed, testing::ValuesIn(paths()),
                         [](const auto& instance) { return instance.param.name; });

TEST(VulkanFixedModels, ShapesOfEveryKind) {
    for (const auto& [hidden, inner] : {std::pair{48, 64}, {100, 260}, {512, 1536}}) {
        const auto model = parity::oddModel(parity::oddConfig(hidden, inner));
        onEveryDevice(model, {}, [&](DeviceModel& device) { parity::expectSamePasses(*golden(model), device); });
    }
}

/// What a number format breaks on: sums and values that saturate, nothing at all, scales beyond every shift.
TEST(VulkanFixedModels, Extremes) {
    using Change = std::function<void(Model&)>;
    const auto everyNorm = [](Model& model, float w) {
        for (Layer& layer : model.layers)
            for (auto* norm : {&layer.attnNorm, &layer.gNorm, &layer.mlpNorm, &layer.i.norm, &layer.o.norm, &layer.down.norm})
                std::fill(norm->begin(), norm->end(), w);
    };
    const auto everyGamma = [](Model& model, float gamma) {
        for (Layer& layer : model.layers)
            for (BitLinear* linear : {&layer.i, &layer.f, &layer.g, &layer.o, &layer.gate, &layer.down}) {
                const auto packed = linear->weight.packed();
                auto copy = AlignedBuffer::allocate(packed.size());
                ASSERT_TRUE(copy.ok());
                std::copy(packed.begin(), packed.end(), copy->data());
                auto scaled = TernaryMatrix::fromPacked(std::move(*copy), linear->weight.rows(), linear->weight.cols(), gamma);
                ASSERT_TRUE(scaled.ok());
                linear->weight = std::move(*scaled);
            }
    };
    const auto embed = [](Model& model, const std::function<float(std::size_t)>& value) {
        const auto& config = model.config;
        const auto count = static_cast<std::size_t>(config.vocabSize) * static_cast<std::size_t>(config.hiddenSize);
        auto data = AlignedBuffer::allocate(count * sizeof(float));
        ASSERT_TRUE(data.ok());
        for (std::size_t k = 0; k < count; ++k) {
            const float x = value(k);
            std::memcpy(data->data() + k * sizeof x, &x, sizeof x);
        }
        auto made = Embedding::create(std::move(*data), Embedding::Type::F32, config.vocabSize, config.hiddenSize);
        ASSERT_TRUE(made.ok());
        model.embeddings = std::move(*made);
    };
    const std::vector<std::pair<std::string, Change>> changes{
        {"huge embeddings", [&](Model& m) { embed(m, [](std::size_t k) { return k % 3 == 0 ? -1e9F : 1e9F; }); }},
        {"large ones", [&](Model& m) { embed(m, [](std::size_t k) { return static_cast<float>(k % 1009) * 129.7F - 7e4F; }); }},
        {"infinite ones", [&](Model& m) { embed(m, [](std::size_t k) { return k % 5 == 0 ? -INFINITY : 0.25F; }); }},
        {"no numbers", [&](Model& m) { embed(m, [](std::size_t k) { return k % 2 == 0 ? NAN : 1.0F; }); }},
        {"nothing", [&](Model& m) { embed(m, [](std::size_t) { return 0.0F; }); }},
        {"the least", [&](Model& m) { embed(m, [](std::size_t k) { return k % 7 == 0 ? 6.2e-5F : 0.0F; }); }},
        {"norms of zero", [&](Model& m) { everyNorm(m, 0.0F); }},
        {"huge norms", [&](Model& m) { everyNorm(m, 3e4F); }},
        {"tiny norms", [&](Model& m) { everyNorm(m, 1e-6F); }},
        {"huge scales", [&](Model& m) { everyGamma(m, 1e6F); }},
        {"tiny scales", [&](Model& m) { everyGamma(m, 1e-9F); }},
    };
    for (const auto& [name, change] : changes) {
        SCOPED_TRACE(name);
        Model changed = parity::makeOddModel(parity::oddConfig(100, 130));
        change(changed);
        const auto model = std::make_shared<const Model>(std::move(changed));
        const auto ids = parity::tokenIds(20, model->config.vocabSize);
        const auto expected = parity::pass(*golden(model), ids, ids.size());
        onEveryDevice(model, {}, [&](DeviceModel& device) {
            parity::expectSame(expected, parity::pass(device, ids, ids.size()), name + ", traced:");
            parity::expectSame(expected, parity::pass(device, ids, 1, {}), name + ", token by token:");
        });
    }
}

/// A pinned value that no float holds in so many bits saturates; one that is edited takes its neighbours to what floats hold.
TEST(VulkanFixedModels, EditsBeyondTheFormat) {
    const auto model = parity::oddModel(parity::oddConfig(61, 77));
    const auto ids = parity::tokenIds(9, model->config.vocabSize);
    const auto cpu = golden(model);
    const auto request = parity::everything(model->config.numLayers);
    onEveryDevice(model, {}, [&](DeviceModel& device) {
        for (int k = 0; k < traceTensors; ++k) {
            const auto tensor = static_cast<TraceTensor>(k);
            for (const Intervention& intervention :
                 {Intervention{{tensor, 1, 0, 4, Edit::Kind::Pin, 1e30F}, {tensor, 0, 3, 9, Edit::Kind::Scale, -3e12F}},
                  Intervention{{tensor, 2, 0, 0, Edit::Kind::Scale, 1234.567F}, {tensor, 1, 7, 1, Edit::Kind::Pin, -1e-30F}}}) {
                const auto expected = parity::pass(*cpu, ids, ids.size(), request, intervention);
                parity::expectSame(expected, parity::pass(device, ids, 4, request, intervention), describe(intervention[0]));
            }
        }
    });
}

TEST(VulkanFixedModels, StatesMoveBetweenDevicesAndDecodeGoesOn) {
    const auto model = parity::oddModel(parity::oddConfig(257, 300));
    const auto cpu = golden(model);
    onEveryDevice(model, {}, [&](DeviceModel& device) {
        const auto ids = parity::tokenIds(40, model->config.vocabSize);
        const auto there = device.createState(), here = cpu->createState();
        ASSERT_TRUE(there.ok() && here.ok());
        ASSERT_TRUE(device.forward(std::span(ids).first(20), **there, {}).ok());
        const auto moved = (*there)->snapshot();
        ASSERT_TRUE(moved.ok());
        EXPECT_EQ(moved->position, 20);
        ASSERT_TRUE((*here)->restore(*moved).ok());
        for (int round = 0; round < 6; ++round) {  // a trace moves the readback that recorded commands write to
            const auto part = std::span(ids).subspan(round % 2 == 0 ? 20 : 0, round % 2 == 0 ? 1 : 37);
            ForwardOptions options;
            if (round % 2 == 1) options.trace = parity::everything(model->config.numLayers);
            const auto found = device.forward(part, **there, options), expected = cpu->forward(part, **here, options);
            ASSERT_TRUE(found.ok() && expected.ok());
            parity::expectSameBits(expected->logits, found->logits, "round " + std::to_string(round));
        }
        const auto back = (*here)->snapshot();
        ASSERT_TRUE(back.ok());
        parity::expectSameBits(back->h, (*there)->snapshot()->h, "state");
        ASSERT_TRUE((*there)->reset().ok());
        ASSERT_TRUE((*there)->restore(*back).ok());
        const auto onDevice = device.forward(ids, **there, {}), onCpu = cpu->forward(ids, **here, {});
        ASSERT_TRUE(onDevice.ok() && onCpu.ok());
        parity::expectSameBits(onCpu->logits, onDevice->logits, "logits after the move back");
        EXPECT_EQ((*there)->restore({std::vector<float>(3), 0}).error().code, ErrorCode::InvalidArgument);

        // A state that no pass leaves: beyond what a state may be, between its steps, no number.
        StateSnapshot odd = *back;
        for (std::size_t k = 0; k < odd.h.size(); ++k) odd.h[k] = k % 4 == 0 ? 1e9F : k % 4 == 1 ? NAN : odd.h[k] * 1.37F;
        ASSERT_TRUE((*there)->restore(odd).ok() && (*here)->restore(odd).ok());
        parity::expectSameBits((*here)->snapshot()->h, (*there)->snapshot()->h, "odd state");
    });
}

TEST(VulkanFixedModels, TheSampleModel) {
    const auto checkpoint = openCheckpoint(std::filesystem::path(TERNION_RESOURCES) / "sample-model/ternary-49m.gguf");
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().text();
    const std::shared_ptr<const Model> model = checkpoint->model;
    const auto ids = parity::tokenIds(16, model->config.vocabSize);
    const auto expected = parity::pass(*golden(model), ids, ids.size());
    onEveryDevice(model, {}, [&](DeviceModel& device) {
        parity::expectSame(expected, parity::pass(device, ids, ids.size()), "prefill:");
        parity::expectSame(expected, parity::pass(device, ids, 1), "decode, traced:");
        const auto state = device.createState();
        ASSERT_TRUE(state.ok());
        const auto vocabulary = static_cast<std::size_t>(model->config.vocabSize);
        for (std::size_t k = 0; k < ids.size(); ++k) {
            const auto decoded = device.forward(std::span(ids).subspan(k, 1), **state, {});
            ASSERT_TRUE(decoded.ok());
            parity::expectSameBits(std::span(expected.output.logits).subspan(k * vocabulary, vocabulary), decoded->logits,
                                   "decode " + std::to_string(k));
        }
        parity::expectSameBits(expected.state.h, (*state)->snapshot()->h, "decode, state");
        const auto memory = device.memory();
        EXPECT_GT(memory.weights, model->ternaryBytes());
        EXPECT_EQ(memory.state, expected.state.h.size() * sizeof(std::int32_t));
    });
}

TEST(VulkanFixedModels, TimesEachDispatchOfAPass) {
    const auto model = parity::oddModel(parity::oddConfig(61, 77));
    onEveryDevice(model, {}, [&](DeviceModel& device) {
        for (const int tokens : {1, 3}) {
            const auto times = device.timeKernels(tokens);
            ASSERT_TRUE(times.ok()) << times.error().text();
            EXPECT_EQ(times->tokens, tokens);
            EXPECT_EQ(times->kernels.size(), static_cast<std::size_t>(9 * model->config.numLayers + 2));
            for (const KernelTime& time : times->kernels)
                EXPECT_EQ(time.weightBytes > 0, time.kernel.starts_with("fixed_bit_linear")) << time.kernel;
        }
    });
}

TEST(VulkanFixedModels, ADeviceWithout64BitsSaysSo) {
    const auto model = parity::oddModel(parity::oddConfig(61, 77));
    const auto backend = watchedBackend({.int64 = Use::Off});
    const auto loaded = backend->load(model, 0, {}, {Packing::TwoBit, Profile::Fixed});
    ASSERT_FALSE(loaded.ok());
    EXPECT_EQ(loaded.error().code, ErrorCode::Unsupported);
    EXPECT_NE(loaded.error().message.find("shaderInt64"), std::string::npos) << loaded.error().text();
    EXPECT_TRUE(backend->load(model, 0, {}, {Packing::TwoBit, Profile::Float}).ok());
}

TEST(VulkanFixedModels, StopsBetweenParts) {
    const auto model = parity::oddModel(parity::oddConfig(61, 77));
    onEveryDevice(model, {}, [&](DeviceModel& device) {
        std::stop_source stop;
        stop.request_stop();
        ForwardOptions options;
        options.stop = stop.get_token();
        const auto state = device.createState();
        for (const int tokens : {1, 30}) {
            const auto none = device.forward(parity::tokenIds(tokens, 101), **state, options);
            ASSERT_FALSE(none.ok());
            EXPECT_EQ(none.error().code, ErrorCode::Cancelled);
        }
        EXPECT_EQ((*state)->snapshot()->position, 0);
    });
}

}  // namespace
}  // namespace ternion
