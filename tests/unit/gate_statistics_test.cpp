// Half-lives against plain arithmetic, and the traced gates against the paper's formulas and the NumPy specification.
#include "inspect/gate_statistics.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstring>
#include <random>
#include <string>

#include "backend/cpu/cpu_backend.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/safetensors.h"
#include "parity/parity_cases.h"

namespace ternion {
namespace {

TEST(GateStatistics, HalfLifeIsWhatIsLeftAfterSoManyTokens) {
    GateStatistics statistics(4, std::vector<float>{0.5F, 0.0F, 0.25F, 0.0F});
    statistics.add(std::vector<float>{0.5F, 0.25F, 1.0F, 0.0F}, std::vector<float>{1.0F, -2.0F, 0.0F, 4.0F});
    statistics.add(std::vector<float>{0.5F, 1.0F, 1.0F, 1.0F}, std::vector<float>{-3.0F, 0.0F, 0.0F, 0.0F});
    const auto layer = statistics.retention();
    EXPECT_EQ(layer.tokens, 2);
    // 1: a half a token; 2: a quarter in two tokens, so a half in one; 3: never; 4: at once.
    EXPECT_DOUBLE_EQ(layer.channels[0].halfLife, 1.0);
    EXPECT_DOUBLE_EQ(layer.channels[1].halfLife, 1.0);
    EXPECT_EQ(layer.channels[2].halfLife, std::numeric_limits<double>::infinity());
    EXPECT_EQ(layer.channels[3].halfLife, 0.0);
    EXPECT_DOUBLE_EQ(layer.channels[1].meanF, 0.625);
    EXPECT_DOUBLE_EQ(layer.channels[0].meanAbsState, 2.0);
    EXPECT_DOUBLE_EQ(layer.channels[2].lowerBound, 0.25);
    EXPECT_EQ(layer.ordered(ChannelOrder::HalfLife), (std::vector<int>{2, 0, 1, 3}));
    EXPECT_EQ(layer.ordered(ChannelOrder::LowerBound), (std::vector<int>{0, 2, 1, 3}));
    EXPECT_EQ(layer.ordered(ChannelOrder::Number), (std::vector<int>{0, 1, 2, 3}));
    EXPECT_DOUBLE_EQ(layer.lower, 0.0);
    EXPECT_DOUBLE_EQ(layer.median, 1.0);
    EXPECT_DOUBLE_EQ(layer.upper, 1.0);
    EXPECT_DOUBLE_EQ(layer.channels[3].forgets, 0.5);
    EXPECT_DOUBLE_EQ(layer.channels[3].keeps, 0.5);
    EXPECT_DOUBLE_EQ(layer.forgets, 1.0 / 8.0);
    EXPECT_DOUBLE_EQ(layer.keeps, 4.0 / 8.0);
}

TEST(GateStatistics, ThresholdsAreParametersAndStrict) {
    GateStatistics statistics(3, {}, {.forgets = 0.25F, .keeps = 0.5F});
    statistics.add(std::vector<float>{0.25F, 0.125F, 0.5F});
    EXPECT_DOUBLE_EQ(statistics.retention().forgets, 1.0 / 3.0);
    EXPECT_DOUBLE_EQ(statistics.retention().keeps, 0.0);
}

TEST(GateStatistics, NothingIsKnownOfNoTokens) {
    const auto layer = GateStatistics(2, {}).retention();
    EXPECT_EQ(layer.tokens, 0);
    EXPECT_EQ(layer.channels[0].halfLife, 0.0);
    EXPECT_EQ(layer.keeps, 0.0);
}

/// 4,096 tokens of 1,024 channels, as a long conversation of a large model has them.
TEST(GateStatistics, AgreesWithPlainDoubleArithmeticAndIsQuick) {
    constexpr int tokens = 4096, width = 1024;
    std::mt19937 random(3);
    std::vector<std::vector<float>> f(tokens, std::vector<float>(width));
    for (auto& row : f)
        for (std::size_t c = 0; c < row.size(); ++c)
            row[c] = 1.0F - std::exp2(-static_cast<float>(c % 20)) * (static_cast<float>(random() % 1000) + 0.5F) / 1000.0F;
    GateStatistics statistics(width, {});
    const auto start = std::chrono::steady_clock::now();
    for (const auto& row : f) statistics.add(row, row);
    const auto layer = statistics.retention();
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
    for (std::size_t c = 0; c < width; c += 37) {
        double product = 0.0, sum = 0.0;
        for (const auto& row : f) {
            product += std::log2(double{row[c]});
            sum += row[c];
        }
        EXPECT_NEAR(layer.channels[c].halfLife, -tokens / product, 1e-9 * layer.channels[c].halfLife) << c;
        EXPECT_NEAR(layer.channels[c].meanF, sum / tokens, 1e-12) << c;
        // Left of a state after so many tokens at the mean rate: a half.
        EXPECT_NEAR(std::exp2(product / tokens * layer.channels[c].halfLife), 0.5, 1e-9) << c;
    }
    const auto order = layer.ordered(ChannelOrder::HalfLife);
    for (std::size_t k = 1; k < order.size(); ++k)
        EXPECT_GE(layer.channels[static_cast<std::size_t>(order[k - 1])].halfLife,
                  layer.channels[static_cast<std::size_t>(order[k])].halfLife);
}

TEST(GateStatistics, HistogramHasEveryChannelOnce) {
    std::vector<ChannelRetention> channels;
    for (const double halfLife : {0.0, 0.09, 0.11, 1.0, 1.01, 20.0, 99'999.0, 1e9, std::numeric_limits<double>::infinity()})
        channels.push_back({.halfLife = halfLife});
    const auto histogram = halfLifeHistogram(channels);
    ASSERT_EQ(histogram.edges.size(), histogram.counts.size() + 1);
    EXPECT_NEAR(histogram.edges.front(), 0.1, 1e-12);
    EXPECT_NEAR(histogram.edges.back(), 1e5, 1e-6);
    EXPECT_EQ(histogram.counts.front(), 3);
    EXPECT_EQ(histogram.counts.back(), 3);
    EXPECT_EQ(histogram.counts[10], 2);  // from 1 to 1.26 tokens
    EXPECT_EQ(histogram.counts[23], 1);  // from 19.95 to 25.1
}

const std::vector<float>& traced(const Trace& trace, TraceTensor tensor, int layer) {
    for (const auto& there : trace.tensors)
        if (there.item == TraceRequest::Item{tensor, layer}) return there.values;
    ADD_FAILURE() << nameOf(tensor) << " was not traced";
    return trace.tensors[0].values;
}

void expectNear(double expected, double found, const std::string& what) {
    EXPECT_NEAR(expected, found, 1e-6 * std::fabs(expected) + 1e-30) << what;
}

/// Equations 7 to 9 of the paper, in double, from the projections that were traced.
TEST(GateStatistics, TracedGatesAreThePapers) {
    const auto model = parity::oddModel(parity::oddConfig(61, 77));
    const auto device = makeCpuBackend()->load(model, 0, {});
    ASSERT_TRUE(device.ok());
    constexpr int tokens = 9;
    const auto trace = parity::pass(**device, parity::tokenIds(tokens, 101), tokens).output.trace;
    const auto sigmoid = [](double x) { return 1.0 / (1.0 + std::exp(-x)); };
    for (int layer = 0; layer < 3; ++layer) {
        const auto& forget = traced(trace, TraceTensor::ForgetProjection, layer);
        const auto& candidate = traced(trace, TraceTensor::CandidateProjection, layer);
        const auto& f = traced(trace, TraceTensor::ForgetGate, layer);
        const auto& i = traced(trace, TraceTensor::Candidate, layer);
        const auto& h = traced(trace, TraceTensor::State, layer);
        const auto& bounds = model->layers[static_cast<std::size_t>(layer)].lowerBound;
        for (std::size_t k = 0; k < f.size(); ++k) {
            const std::size_t c = k % 61;
            const double bound = bounds.empty() ? 0.0 : bounds[c];
            const double gate = bound + (1.0 - bound) * sigmoid(forget[k]);
            const std::string what = "layer " + std::to_string(layer) + " at " + std::to_string(k);
            expectNear(gate, f[k], "f, " + what);
            // 1 - f is taken of the single f: where f is near 1, its last place is what i is made of.
            expectNear(candidate[k] * sigmoid(candidate[k]) * (1.0 - double{f[k]}), i[k], "i, " + what);
            const double before = k < 61 ? 0.0 : h[k - 61];
            // h is a sum of two that may cancel: relative to the larger.
            EXPECT_NEAR(double{f[k]} * before + i[k], h[k], 1e-6 * std::max(std::fabs(before), std::fabs(double{i[k]})));
        }
    }
}

/// Of tests/golden/gates, `[layers, tokens, channels]`: made from mmfree_reference.py (make_gates.py).
std::vector<float> goldenGates(const TensorSource& source, std::string_view name, std::size_t layer) {
    const StoredTensor& tensor = *source.find(name);
    const std::size_t bytes = tensor.bytes.size() / static_cast<std::size_t>(tensor.shape[0]);
    std::vector<float> values(bytes / sizeof(float));
    std::memcpy(values.data(), tensor.bytes.data() + layer * bytes, bytes);
    return values;
}

BitLinear copyOf(const BitLinear& linear) {
    std::vector<std::int8_t> trits;
    for (int row = 0; row < linear.weight.rows(); ++row)
        for (int col = 0; col < linear.weight.cols(); ++col)
            trits.push_back(static_cast<std::int8_t>(linear.weight.trit(row, col)));
    return {*TernaryMatrix::fromTrits(trits, linear.weight.rows(), linear.weight.cols(), linear.weight.gamma()), linear.norm};
}

/// A model of that layer alone, whose token t is embedded as row t of `x`.
std::shared_ptr<const Model> layerFedWith(const std::vector<float>& x, const Model& whole, int index) {
    auto config = whole.config;
    config.numLayers = 1;
    config.vocabSize = static_cast<int>(x.size()) / config.hiddenSize;
    auto model = randomModel(config, 1);
    EXPECT_TRUE(model.ok());
    auto bytes = AlignedBuffer::allocate(x.size() * sizeof(float));
    EXPECT_TRUE(bytes.ok());
    std::memcpy(bytes->data(), x.data(), x.size() * sizeof(float));
    model->embeddings = *Embedding::create(std::move(*bytes), Embedding::Type::F32, config.vocabSize, config.hiddenSize);
    const Layer& from = whole.layers[static_cast<std::size_t>(index)];
    Layer& to = model->layers[0];
    to.attnNorm = from.attnNorm;
    to.i = copyOf(from.i);
    to.f = copyOf(from.f);
    to.g = copyOf(from.g);
    to.lowerBound = from.lowerBound;
    return std::make_shared<const Model>(std::move(*model));
}

double distance(std::span<const float> expected, std::span<const float> found) {
    double apart = 0.0, length = 0.0;
    for (std::size_t k = 0; k < expected.size(); ++k) {
        apart += std::pow(double{expected[k]} - found[k], 2);
        length += std::pow(double{expected[k]}, 2);
    }
    return std::sqrt(apart / length);
}

/// Each layer fed with the authors' own hidden states (design, end of section 2).
TEST(GateStatistics, TracedGatesAreTheNumPySpecifications) {
    const std::filesystem::path folder = TERNION_TEST_DATA;
    const auto checkpoint = openCheckpoint(folder / "hgrn-256x4");
    ASSERT_TRUE(checkpoint.ok());
    TensorSource source;
    ASSERT_TRUE(readSafetensors(folder / "gates/gates.safetensors", source).ok());
    constexpr std::size_t tokens = 8, width = 256;
    const std::vector<std::pair<const char*, TraceTensor>> names{{"f", TraceTensor::ForgetGate},
                                                                 {"i", TraceTensor::Candidate},
                                                                 {"h", TraceTensor::State},
                                                                 {"g", TraceTensor::OutputGate}};
    std::size_t close = 0, all = 0;
    double worst = 0.0;
    for (const std::size_t l : {0, 1}) {
        const auto model = layerFedWith(goldenGates(source, "x", l), *checkpoint->model, l == 0 ? 0 : 2);
        const auto device = makeCpuBackend()->load(model, 0, {});
        ASSERT_TRUE(device.ok());
        const auto state = (*device)->createState();
        ASSERT_TRUE(state.ok());
        ForwardOptions options;
        for (const auto& [name, tensor] : names) options.trace.items.push_back({tensor, 0});
        const auto output = (*device)->forward(std::vector<TokenId>{0, 1, 2, 3, 4, 5, 6, 7}, **state, options);
        ASSERT_TRUE(output.ok());
        for (const auto& [name, tensor] : names) {
            const auto expected = goldenGates(source, name, l);
            const auto& found = traced(output->trace, tensor, 0);
            ASSERT_EQ(found.size(), tokens * width);
            ASSERT_EQ(expected.size(), found.size());
            for (std::size_t t = 0; t < tokens; ++t, ++all) {
                const double apart =
                    distance(std::span(expected).subspan(t * width, width), std::span(found).subspan(t * width, width));
                close += apart <= 1e-5 ? 1 : 0;
                worst = std::max(worst, apart);
            }
        }
    }
    std::printf("  %zu of %zu within 1e-5, worst %.2e\n", close, all, worst);
    EXPECT_GE(static_cast<double>(close), 0.97 * static_cast<double>(all));
    EXPECT_LE(worst, 5e-2);
}

}  // namespace
}  // namespace ternion
