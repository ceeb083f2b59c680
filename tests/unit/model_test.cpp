#include "model/model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <set>

namespace ternion {
namespace {

ModelConfig smallConfig() {
    ModelConfig config;
    config.vocabSize = 50;
    config.hiddenSize = 100;
    config.numLayers = 2;
    config.intermediateSize = 130;
    return config;
}

TEST(ModelConfig, GluWidthOfTheFileWhereItSaysNull) {
    // hidden * 4 * 2 / 3, up to a multiple of 256: the published checkpoints' own widths.
    EXPECT_EQ(ModelConfig::defaultIntermediateSize(1024, 4), 2816);
    EXPECT_EQ(ModelConfig::defaultIntermediateSize(2048, 4), 5632);
    EXPECT_EQ(ModelConfig::defaultIntermediateSize(2560, 4), 6912);
}

TEST(ModelConfig, RefusesAbsurdShapesByName) {
    const auto refused = [](auto change) {
        ModelConfig config = smallConfig();
        change(config);
        const Status status = config.validate();
        return status ? std::string() : status.error().message;
    };
    EXPECT_NE(refused([](auto& c) { c.vocabSize = 0; }).find("vocab_size"), std::string::npos);
    EXPECT_NE(refused([](auto& c) { c.hiddenSize = -5; }).find("hidden_size is -5"), std::string::npos);
    EXPECT_NE(refused([](auto& c) { c.numLayers = 1 << 30; }).find("num_hidden_layers"), std::string::npos);
    EXPECT_NE(refused([](auto& c) { c.numHeads = 3; }).find("num_heads"), std::string::npos);
    EXPECT_NE(refused([](auto& c) { c.rmsNormEps = NAN; }).find("rms_norm_eps"), std::string::npos);
    EXPECT_NE(refused([](auto& c) { c.eosId = 50; }).find("eos_token_id"), std::string::npos);
    EXPECT_EQ(refused([](auto&) {}), "");
}

TEST(ModelConfig, PresetsHaveThePublishedSizes) {
    // Within 2 % of their names; the paper counts the same tensors.
    EXPECT_NEAR(static_cast<double>(presetConfig("370M")->parameterCount()), 374e6, 10e6);
    EXPECT_NEAR(static_cast<double>(presetConfig("1.3B")->parameterCount()), 1.365e9, 0.03e9);
    EXPECT_NEAR(static_cast<double>(presetConfig("2.7B")->parameterCount()), 2.7e9, 0.06e9);
    EXPECT_EQ(presetConfig("9B").error().code, ErrorCode::NotFound);
}

TEST(LowerBounds, AreTheRunningSoftmaxOverLayersFromZero) {
    // Two channels, three layers: softmax of equal values is a third each; of a large one, all.
    const std::vector<float> raw{1.0F, 0.0F, 1.0F, 50.0F, 1.0F, 0.0F};
    const auto bounds = lowerBoundsFrom(raw, 3, 2);
    const std::vector<float> expected{0.0F, 0.0F, 1.0F / 3, 1.0F, 2.0F / 3, 1.0F};
    for (std::size_t k = 0; k < expected.size(); ++k) EXPECT_NEAR(bounds[k], expected[k], 1e-6F) << k;
}

TEST(RandomModel, TritsAreAThirdEach) {
    const auto model = randomModel(smallConfig(), 1);
    ASSERT_TRUE(model.ok());
    std::int64_t all = 0;
    TritCounts sum;
    model->forEachBitLinear([&](const std::string&, const BitLinear& linear) {
        const TritCounts counts = linear.weight.counts();
        EXPECT_EQ(counts.minus + counts.zero + counts.plus, std::int64_t{linear.weight.rows()} * linear.weight.cols());
        sum.minus += counts.minus;
        sum.plus += counts.plus;
        all += counts.minus + counts.zero + counts.plus;
    });
    EXPECT_NEAR(static_cast<double>(sum.minus) / static_cast<double>(all), 1.0 / 3, 0.01);
    EXPECT_NEAR(static_cast<double>(sum.plus) / static_cast<double>(all), 1.0 / 3, 0.01);
}

TEST(ModelHash, TellsModelsApartAndOnlyThem) {
    const auto hash = [](std::uint64_t seed) { return randomModel(smallConfig(), seed)->hash(); };
    EXPECT_EQ(hash(1), hash(1));
    EXPECT_EQ(std::set<std::string>({hash(1), hash(2), hash(3)}).size(), 3U);
}

TEST(Embedding, RowsAreTheirExactValues) {
    auto data = AlignedBuffer::allocate(8);
    const std::uint16_t halves[]{0x3C00, 0xC100, 0x0001, 0x7BFF};  // 1, -2.5, the smallest subnormal, the largest
    std::memcpy(data->data(), halves, sizeof halves);
    const auto embedding = Embedding::create(std::move(*data), Embedding::Type::F16, 2, 2);
    ASSERT_TRUE(embedding.ok());
    std::vector<float> row(2);
    embedding->row(0, row);
    EXPECT_EQ(row, (std::vector<float>{1.0F, -2.5F}));
    embedding->row(1, row);
    EXPECT_EQ(row, (std::vector<float>{0x1p-24F, 65504.0F}));
}

}  // namespace
}  // namespace ternion
