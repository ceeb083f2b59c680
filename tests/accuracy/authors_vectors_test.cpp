// Whole models against the authors' own implementation, on every usable device. One unit in the last place can move one int8
// code by one, and that spreads: what is asked of a faithful implementation is in the design, at the end of section 2.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include "accuracy/expected_vectors.h"
#include "backend/cpu/cpu_backend.h"
#include "backend/vulkan/vulkan_backend.h"
#include "checkpoint/checkpoint.h"
#include "inspect/divergence.h"

namespace ternion {
namespace {

struct Case {
    std::string name;
    std::filesystem::path model;
    std::filesystem::path expected;
    double mostKl;
};

void PrintTo(const Case& row, std::ostream* out) { *out << row.name; }

const std::filesystem::path golden = TERNION_TEST_DATA;

std::vector<Case> cases() {
    return {{"golden", golden / "hgrn-256x4", golden / "hgrn-256x4/expected.safetensors", 1e-4},
            {"sample", std::filesystem::path(TERNION_RESOURCES) / "sample-model/ternary-49m.gguf",
             golden / "sample-model/expected.safetensors", 3e-3}};
}

std::vector<std::unique_ptr<Backend>> backends() {
    std::vector<std::unique_ptr<Backend>> all;
    all.push_back(makeCpuBackend());
    all.push_back(makeVulkanBackend());
    return all;
}

double relativeDistance(std::span<const float> expected, std::span<const float> found) {
    double apart = 0.0, length = 0.0;
    for (std::size_t k = 0; k < expected.size(); ++k) {
        apart += std::pow(static_cast<double>(expected[k]) - found[k], 2);
        length += std::pow(static_cast<double>(expected[k]), 2);
    }
    return std::sqrt(apart / length);
}

/// The final norm, in double: what the last of the reference's hidden states has been through.
void normalise(const Model& model, std::span<float> row) {
    double squares = 0.0;
    for (const float x : row) squares += static_cast<double>(x) * x;
    const double rms = std::sqrt(squares / static_cast<double>(row.size()) + model.config.rmsNormEps);
    for (std::size_t k = 0; k < row.size(); ++k) row[k] = static_cast<float>(row[k] / rms * model.norm[k]);
}

/// Each layer fed with the reference's own hidden states, over all tokens.
void expectLayersClose(DeviceModel& device, const accuracy::ExpectedVectors& expected) {
    const auto width = static_cast<std::size_t>(device.model().config.hiddenSize), tokens = expected.inputIds.size();
    const int layers = device.model().config.numLayers;
    const auto hidden = [&](int layer) {
        return std::span(expected.hiddenStates).subspan(static_cast<std::size_t>(layer) * tokens * width, tokens * width);
    };
    const auto state = device.createState();
    ASSERT_TRUE(state.ok());
    std::size_t close = 0, all = 0;
    double worst = 0.0;
    for (int layer = 0; layer < layers; ++layer) {
        auto out = device.forwardLayer(layer, hidden(layer), **state);
        ASSERT_TRUE(out.ok());
        for (std::size_t t = 0; t < tokens; ++t, ++all) {
            const auto row = std::span(*out).subspan(t * width, width);
            if (layer + 1 == layers) normalise(device.model(), row);
            const double distance = relativeDistance(hidden(layer + 1).subspan(t * width, width), row);
            close += distance <= 1e-5 ? 1 : 0;
            worst = std::max(worst, distance);
        }
    }
    const double share = static_cast<double>(close) / static_cast<double>(all);
    std::printf("  layer by layer: %.2f %% of %zu within 1e-5, worst %.2e\n", 100.0 * share, all, worst);
    EXPECT_GE(share, 0.97);
    EXPECT_LE(worst, 5e-2);
}

void expectWholeClose(DeviceModel& device, const accuracy::ExpectedVectors& expected, double mostKl) {
    const auto vocab = static_cast<std::size_t>(device.model().config.vocabSize), tokens = expected.inputIds.size();
    const auto state = device.createState();
    ASSERT_TRUE(state.ok());
    ForwardOptions options;
    options.logits = LogitsWanted::All;
    const auto output = device.forward(expected.inputIds, **state, options);
    ASSERT_TRUE(output.ok());
    ASSERT_EQ(output->logits.size(), expected.logits.size());
    double kl = 0.0;
    std::size_t agree = 0;
    for (std::size_t t = 0; t < tokens; ++t) {
        const auto ours = std::span(output->logits).subspan(t * vocab, vocab);
        const auto theirs = std::span(expected.logits).subspan(t * vocab, vocab);
        kl += divergence(theirs, ours) / static_cast<double>(tokens);
        const auto top = [](std::span<const float> row) { return std::max_element(row.begin(), row.end()) - row.begin(); };
        agree += top(ours) == top(theirs) ? 1 : 0;
    }
    const double top1 = static_cast<double>(agree) / static_cast<double>(tokens);
    std::printf("  whole model: mean KL %.2e, top-1 agreement %.1f %% of %zu tokens\n", kl, 100.0 * top1, tokens);
    EXPECT_LE(kl, mostKl);
    EXPECT_GE(top1, 0.95);
}

class AuthorsVectors : public testing::TestWithParam<Case> {};

TEST_P(AuthorsVectors, EveryDeviceComesClose) {
    const auto checkpoint = openCheckpoint(GetParam().model);
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().text();
    const auto expected = accuracy::readExpected(GetParam().expected);
    for (const auto& backend : backends())
        for (const DeviceInfo& info : backend->devices()) {
            if (!info.usable) continue;
            SCOPED_TRACE(info.id() + " " + info.name);
            std::printf("%s on %s (%s)\n", GetParam().name.c_str(), info.id().c_str(), info.driver.c_str());
            const auto device = backend->load(checkpoint->model, info.index, {});
            ASSERT_TRUE(device.ok()) << device.error().text();
            expectLayersClose(**device, expected);
            expectWholeClose(**device, expected, GetParam().mostKl);
        }
}

INSTANTIATE_TEST_SUITE_P(All, AuthorsVectors, testing::ValuesIn(cases()),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace ternion
