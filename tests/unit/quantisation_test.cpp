// The codes reproduced from traces are the ones the engine multiplied with: what it projected from them says so, to the bit.
#include "inspect/quantisation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include "backend/cpu/cpu_backend.h"
#include "backend/float_profile.h"
#include "backend/vulkan/vulkan_backend.h"
#include "parity/parity_cases.h"

namespace ternion {
namespace {

constexpr int tokens = 5;

const std::vector<float>& traced(const Trace& trace, TraceRequest::Item item) {
    const auto found = std::find_if(trace.tensors.begin(), trace.tensors.end(), [&](const auto& t) { return t.item == item; });
    EXPECT_NE(found, trace.tensors.end());
    return found->values;
}

std::span<const float> row(const std::vector<float>& values, int token, int rows = tokens) {
    const std::size_t width = values.size() / static_cast<std::size_t>(rows);
    return std::span(values).subspan(static_cast<std::size_t>(token) * width, width);
}

InputCodes codesOf(const Model& model, Projection projection, int layer, const Trace& trace) {
    InputCodes codes(model, projection, layer);
    const auto inputs = inputsOf(projection, layer);
    for (int t = 0; t < tokens; ++t)
        codes.add(row(traced(trace, inputs[0]), t),
                  inputs.size() > 1 ? row(traced(trace, inputs[1]), t) : std::span<const float>());
    return codes;
}

/// Trits times codes, times what one code and one trit are worth.
std::vector<float> projected(const BitLinear& linear, const InputCodes& codes, int token) {
    std::vector<float> y;
    for (int r = 0; r < linear.weight.rows(); ++r) {
        std::int32_t sum = 0;
        for (int c = 0; c < linear.weight.cols(); ++c)
            sum += linear.weight.trit(r, c) * codes.codes(token)[static_cast<std::size_t>(c)];
        y.push_back(static_cast<float>(sum) * (linear.weight.gamma() * codes.token(token).step));
    }
    return y;
}

struct Made {
    Projection projection;
    TraceTensor output;
};
constexpr std::array<Made, 6> made{{{Projection::I, TraceTensor::CandidateProjection},
                                    {Projection::F, TraceTensor::ForgetProjection},
                                    {Projection::G, TraceTensor::OutputGate},
                                    {Projection::O, TraceTensor::TokenMixer},
                                    {Projection::Gate, TraceTensor::GluProjection},
                                    {Projection::Down, TraceTensor::ChannelMixer}}};

void expectProjectionsFollow(const std::shared_ptr<const Model>& model, DeviceModel& device) {
    const auto ids = parity::tokenIds(tokens, model->config.vocabSize);
    const auto all = parity::pass(device, ids, tokens);
    for (int layer = 0; layer < model->config.numLayers; ++layer)
        for (const auto& [projection, output] : made) {
            const auto codes = codesOf(*model, projection, layer, all.output.trace);
            for (int t = 0; t < tokens; ++t)
                parity::expectSameBits(
                    projected(bitLinearOf(*model, projection, layer), codes, t),
                    row(traced(all.output.trace, {output, layer}), t),
                    std::string(nameOf(projection)) + " of layer " + std::to_string(layer) + ", token " + std::to_string(t));
        }
    const auto codes = codesOf(*model, Projection::Head, model->config.numLayers - 1, all.output.trace);
    for (int t = 0; t < tokens; ++t)
        parity::expectSameBits(projected(model->head, codes, t), row(all.output.logits, t), "lm_head");
}

TEST(Quantisation, TritsTimesCodesAreWhatEveryDeviceProjected) {
    std::vector<std::unique_ptr<Backend>> backends;
    backends.push_back(makeCpuBackend());
    backends.push_back(makeVulkanBackend());
    auto edited = parity::oddConfig(61, 77);
    edited.rmsNormEps = 1e-3F;  // the first norm's, not the BitLinear's
    edited.expandRatio = 2;     // the state is wider than the hidden size
    for (const auto& config : {parity::oddConfig(61, 77), parity::oddConfig(257, 300), edited}) {
        const auto model = parity::oddModel(config);
        for (const auto& backend : backends)
            for (const DeviceInfo& info : backend->devices()) {
                if (!info.usable) continue;
                SCOPED_TRACE(info.id() + " " + info.name);
                const auto device = backend->load(model, info.index, {});
                ASSERT_TRUE(device.ok()) << device.error().text();
                expectProjectionsFollow(model, **device);
            }
    }
}

TEST(Quantisation, ABitLinearWithoutANormBeforeItHasTheDevicesCodes) {
    const auto model = parity::oddModel(parity::oddConfig(61, 77));
    const auto device = makeCpuBackend()->load(model, 0, {});
    ASSERT_TRUE(device.ok());
    const BitLinear& down = model->layers[1].down;
    for (const auto& input : parity::inputs(down.weight.cols())) {
        const auto expected = (*device)->bitLinear(down, input.x);
        ASSERT_TRUE(expected.ok());
        InputCodes codes(*model, Projection::Down, 1);
        const auto width = static_cast<std::size_t>(codes.width());
        for (std::size_t t = 0; t < expected->steps.size(); ++t) {
            codes.add(std::span(input.x).subspan(t * width, width));
            EXPECT_EQ(codes.token(static_cast<int>(t)).step, expected->steps[t]) << input.name;
            const auto row = codes.codes(static_cast<int>(t));
            EXPECT_TRUE(std::equal(row.begin(), row.end(), expected->codes.begin() + static_cast<std::ptrdiff_t>(t * width)))
                << input.name;
        }
    }
}

TEST(Quantisation, ANormBeforeItIsFollowedInPlainLoops) {
    const auto model = parity::oddModel(parity::oddConfig(61, 77));
    const Layer& layer = model->layers[2];
    std::vector<float> x(61);
    for (std::size_t k = 0; k < x.size(); ++k) x[k] = 0.3F * static_cast<float>(k % 7) - 0.8F;
    InputCodes codes(*model, Projection::F, 2);
    codes.add(x);

    // RMSNorm, RMSNorm, absmax and rounding as the paper has them, in double: a code is one off at most, where it is a
    // near-tie.
    const auto normed = [](std::vector<double> values, const std::vector<float>& weights, double eps) {
        double squares = 0.0;
        for (const double v : values) squares += v * v;
        for (std::size_t k = 0; k < values.size(); ++k)
            values[k] *= weights[k] / std::sqrt(squares / static_cast<double>(values.size()) + eps);
        return values;
    };
    const auto n = normed(normed({x.begin(), x.end()}, layer.attnNorm, 1e-6), layer.f.norm, 1e-6);
    double absmax = 0.0;
    for (const double v : n) absmax = std::max(absmax, std::fabs(v));
    EXPECT_NEAR(codes.token(0).absmax, absmax, 1e-5 * absmax);
    EXPECT_NEAR(codes.token(0).step, absmax / 127.0, 1e-5 * absmax);
    for (std::size_t k = 0; k < n.size(); ++k) EXPECT_NEAR(codes.codes(0)[k], n[k] * 127.0 / absmax, 0.501) << k;
}

TEST(Quantisation, SharesAndOutliersAreCounted) {
    auto config = parity::oddConfig(4, 5);
    config.numLayers = 1;
    auto built = randomModel(config, 1);
    ASSERT_TRUE(built.ok());
    const auto model = std::make_shared<const Model>(std::move(*built));  // norms of one: codes are x * 127 / max |x|
    InputCodes codes(*model, Projection::Down, 0);
    codes.add(std::vector<float>{1.0F, -1.0F, 0.0F, 1.0F / 127.0F, 0.25F});
    codes.add(std::vector<float>{0.0F, -8.0F, 4.0F, 0.001F, 0.0F});
    codes.add(std::vector<float>{0.0F, 0.0F, 0.0F, 0.0F, 0.0F});
    EXPECT_EQ(codes.token(0).ends, 2);
    EXPECT_EQ(codes.token(0).zeros, 1);
    EXPECT_EQ(codes.token(0).nearZeros, 2);
    EXPECT_EQ(codes.token(1).ends, 1);
    EXPECT_EQ(codes.token(1).zeros, 3);
    EXPECT_EQ(codes.token(2).zeros, 5);
    EXPECT_EQ(codes.token(2).step, 1e-5F * (1.0F / 127.0F));
    const auto row = codes.codes(1);
    EXPECT_EQ((std::vector<std::int8_t>{row.begin(), row.end()}), (std::vector<std::int8_t>{0, -127, 64, 0, 0}));

    const CodeSummary summary = codes.summary();
    EXPECT_EQ(summary.tokens, 3);
    EXPECT_DOUBLE_EQ(summary.ends, 3.0 / 15.0);
    EXPECT_DOUBLE_EQ(summary.zeros, 9.0 / 15.0);
    EXPECT_DOUBLE_EQ(summary.nearZeros, 10.0 / 15.0);
    // Channel 1 has a large code in two tokens of three; 0 and 2 in one, which is no half.
    ASSERT_EQ(summary.outliers.size(), 1U);
    EXPECT_EQ(summary.outliers[0].channel, 1);
    EXPECT_DOUBLE_EQ(summary.outliers[0].share, 2.0 / 3.0);
    EXPECT_EQ(summary.outliers[0].absmax, summary.channelAbsmax[1]);
    EXPECT_EQ(summary.channelAbsmax[1], 127.0F * codes.token(1).step);
    EXPECT_EQ(codes.summary({.code = 64, .share = 0.3}).outliers.size(), 3U);
    EXPECT_EQ(codes.summary({.code = 65, .share = 0.3}).outliers.size(), 2U);
    EXPECT_TRUE(InputCodes(*model, Projection::Down, 0).summary().outliers.empty());
}

TEST(Quantisation, NamesAreThoseOfTheCheckpoints) {
    const auto model = parity::oddModel(parity::oddConfig(61, 77));
    int seen = 0;
    model->forEachBitLinear([&](const std::string& name, const BitLinear& linear) {
        const auto projection = projectionNamed(name.substr(name.rfind('.') + 1));
        ASSERT_TRUE(projection) << name;
        const int layer = *projection == Projection::Head ? 2 : name[std::string("model.layers.").size()] - '0';
        EXPECT_EQ(&bitLinearOf(*model, *projection, layer), &linear) << name;
        const auto there = projectionsOf(layer, model->config);
        EXPECT_NE(std::find(there.begin(), there.end(), *projection), there.end());
        ++seen;
    });
    EXPECT_EQ(seen, 3 * 6 + 1);
    EXPECT_EQ(projectionsOf(0, model->config).size(), 6U);
    EXPECT_FALSE(projectionNamed("q_proj"));
}

}  // namespace
}  // namespace ternion
