// The lens against models that really end where it says, and against softmax and sort.
#include "inspect/lens.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "backend/cpu/cpu_backend.h"
#include "backend/vulkan/vulkan_backend.h"
#include "inspect/hidden_statistics.h"

namespace ternion {
namespace {

constexpr std::uint64_t seed = 7;
const std::vector<TokenId> text{1, 17, 33, 250, 99, 5, 17, 42, 200};

ModelConfig shape() {
    ModelConfig config;
    config.vocabSize = 259;
    config.hiddenSize = 64;
    config.numLayers = 4;
    config.intermediateSize = 128;
    return config;
}

/// The same weights, without the layers from `layers` on.
std::shared_ptr<const Model> cutOff(int layers) {
    Model model = std::move(randomModel(shape(), seed)).value();
    model.layers.erase(model.layers.begin() + layers, model.layers.end());
    model.config.numLayers = layers;
    return std::make_shared<const Model>(std::move(model));
}

std::vector<std::unique_ptr<Backend>> backends() {
    std::vector<std::unique_ptr<Backend>> all;
    all.push_back(makeCpuBackend());
    all.push_back(makeVulkanBackend({}));
    return all;
}

TEST(Lens, IsTheModelThatEndsThere) {
    int devices = 0;
    for (const auto& backend : backends())
        for (const auto& info : backend->devices()) {
            if (!info.usable) continue;
            ++devices;
            auto whole = backend->load(cutOff(shape().numLayers), info.index, {});
            ASSERT_TRUE(whole) << whole.error().text();
            auto state = (*whole)->createState();
            ForwardOptions options;
            options.logits = LogitsWanted::All;
            for (int depth = 1; depth <= shape().numLayers; ++depth) options.trace.items.push_back(stateAt(depth));
            const auto pass = (*whole)->forward(text, **state, options);
            ASSERT_TRUE(pass) << pass.error().text();
            for (int depth = 1; depth <= shape().numLayers; ++depth) {
                auto ended = backend->load(cutOff(depth), info.index, {});
                ASSERT_TRUE(ended) << ended.error().text();
                auto endedState = (*ended)->createState();
                ForwardOptions all;
                all.logits = LogitsWanted::All;
                const auto truth = (*ended)->forward(text, **endedState, all);
                ASSERT_TRUE(truth) << truth.error().text();
                const auto& states = pass->trace.tensors[static_cast<std::size_t>(depth - 1)].values;
                EXPECT_EQ((*whole)->readOut(states, {}).value(), truth->logits) << info.id() << " depth " << depth;

                const auto following = std::span(text).subspan(1);
                const auto cells = lens(**whole, states, following, 5, {}, pass->logits);
                ASSERT_TRUE(cells) << cells.error().text();
                ASSERT_EQ(cells->size(), text.size());
                for (std::size_t t = 0; t < text.size(); ++t) {
                    const auto logits = std::span(truth->logits).subspan(t * 259, 259);
                    const auto top = topTokens(logits, 5);
                    ASSERT_EQ((*cells)[t].top.size(), 5U);
                    for (std::size_t k = 0; k < 5; ++k) {
                        EXPECT_EQ((*cells)[t].top[k].id, top[k].id);
                        EXPECT_EQ((*cells)[t].top[k].probability, top[k].probability);
                    }
                    EXPECT_EQ((*cells)[t].actual, t + 1 < text.size() ? text[t + 1] : -1);
                    if (depth == shape().numLayers) {
                        EXPECT_LT((*cells)[t].divergence, 1e-9F);
                    }
                }
            }
        }
    EXPECT_GE(devices, 1);
}

TEST(Lens, RanksAndProbabilitiesAreThoseOfSoftmaxAndSort) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal(0.0F, 3.0F);
    std::vector<float> logits(100), output(100);
    for (float& x : logits) x = std::round(normal(random));  // many are equal
    for (float& x : output) x = normal(random);
    const auto softmax = [](const std::vector<float>& of) {
        std::vector<double> p;
        for (const float x : of) p.push_back(std::exp(double(x)));
        const double all = std::accumulate(p.begin(), p.end(), 0.0);
        for (double& x : p) x /= all;
        return p;
    };
    const auto p = softmax(logits), q = softmax(output);
    std::vector<TokenId> order(100);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](TokenId a, TokenId b) { return logits[a] > logits[b]; });
    double kl = 0.0;
    for (std::size_t k = 0; k < 100; ++k) kl += q[k] * std::log(q[k] / p[k]);
    for (TokenId actual = 0; actual < 100; ++actual) {
        const LensCell cell = lensCell(logits, actual, 10, output);
        EXPECT_EQ(cell.actual, actual);
        EXPECT_EQ(order[static_cast<std::size_t>(cell.actualRank - 1)], actual);
        EXPECT_NEAR(cell.actualProbability, p[actual], 1e-7);
        EXPECT_NEAR(cell.divergence, kl, 1e-5 * kl);
        for (std::size_t k = 0; k < 10; ++k) {
            EXPECT_EQ(cell.top[k].id, order[k]);
            EXPECT_NEAR(cell.top[k].probability, p[order[k]], 1e-7);
        }
    }
    const LensCell last = lensCell(logits, -1, 1);
    EXPECT_EQ(last.actual, -1);
    EXPECT_EQ(last.actualRank, 0);
    EXPECT_TRUE(std::isnan(last.divergence));
}

TEST(Lens, RefusesUnknownTokensAndStops) {
    auto device = makeCpuBackend()->load(cutOff(1), 0, {});
    ASSERT_TRUE(device);
    const std::vector<float> states(3 * 64, 0.5F);
    const std::vector<TokenId> unknown{1, 259};
    const auto refused = lens(**device, states, unknown, 3, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::InvalidArgument);
    EXPECT_NE(refused.error().message.find("259"), std::string::npos);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_EQ(lens(**device, states, {}, 3, stop.get_token()).error().code, ErrorCode::Cancelled);
    EXPECT_EQ(lens(**device, states, {}, 3, {})->size(), 3U);
}

}  // namespace
}  // namespace ternion
