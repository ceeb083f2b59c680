#include "engine/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

namespace ternion {
namespace {

const std::vector<float> logits{std::log(0.5F), std::log(0.25F), std::log(0.15F), std::log(0.1F)};

std::map<TokenId, double> frequencies(SamplerSettings settings, const std::vector<TokenId>& history = {}) {
    settings.seed = 7;
    Sampler sampler(settings);
    std::map<TokenId, double> seen;
    constexpr int draws = 40000;
    for (int k = 0; k < draws; ++k) seen[sampler.sample(logits, history, 0).id] += 1.0 / draws;
    return seen;
}

TEST(Sampler, GreedyTakesTheLowestAmongEquals) {
    const std::vector<float> ties{1.0F, 3.0F, 3.0F, 2.0F};
    EXPECT_EQ(Sampler({}).sample(ties, {}, 0).id, 1);
}

TEST(Sampler, DrawsWithTheModelsProbabilities) {
    const auto seen = frequencies({.temperature = 1.0F});
    EXPECT_NEAR(seen.at(0), 0.5, 0.01);
    EXPECT_NEAR(seen.at(1), 0.25, 0.01);
    EXPECT_NEAR(seen.at(2), 0.15, 0.01);
    EXPECT_NEAR(seen.at(3), 0.1, 0.01);
}

TEST(Sampler, TemperatureSharpens) {
    // p^2, normalised: 0.25 / 0.345
    EXPECT_NEAR(frequencies({.temperature = 0.5F}).at(0), 0.25 / 0.345, 0.01);
}

TEST(Sampler, TopKKeepsKAndRenormalises) {
    const auto seen = frequencies({.temperature = 1.0F, .topK = 2});
    EXPECT_EQ(seen.size(), 2U);
    EXPECT_NEAR(seen.at(0), 2.0 / 3.0, 0.01);
}

TEST(Sampler, TopPKeepsTheSmallestSetThatReachesIt) {
    const auto seen = frequencies({.temperature = 1.0F, .topP = 0.7F});
    EXPECT_EQ(seen.size(), 2U);
    EXPECT_NEAR(seen.at(1), 1.0 / 3.0, 0.01);
}

TEST(Sampler, MinPIsRelativeToTheMostProbable) {
    const auto seen = frequencies({.temperature = 1.0F, .minP = 0.28F});  // of 0.5: 0.14
    EXPECT_EQ(seen.size(), 3U);
    EXPECT_NEAR(seen.at(2), 0.15 / 0.9, 0.01);
}

TEST(Sampler, PenaltyAppliesOnceToWhatIsInTheWindow) {
    // All logits are negative here, so the penalty multiplies: log(0.5) * 2 = log(0.25).
    const double sum = 0.25 + 0.25 + 0.15 + 0.1;
    EXPECT_NEAR(frequencies({.temperature = 1.0F, .repetitionPenalty = 2.0F}, {0, 0, 0}).at(0), 0.25 / sum, 0.01);
    const auto outside = frequencies({.temperature = 1.0F, .repetitionPenalty = 2.0F, .repetitionWindow = 1}, {0, 3});
    EXPECT_NEAR(outside.at(0), 0.5 / (0.5 + 0.25 + 0.15 + 0.01), 0.01);
}

TEST(Sampler, SameSeedSameDraws) {
    const SamplerSettings settings{.temperature = 1.0F, .seed = 42};
    Sampler a(settings);
    Sampler b(settings);
    Sampler c({.temperature = 1.0F, .seed = 43});
    bool differs = false;
    for (int k = 0; k < 100; ++k) {
        const TokenId id = a.sample(logits, {}, 0).id;
        EXPECT_EQ(id, b.sample(logits, {}, 0).id);
        differs = differs || id != c.sample(logits, {}, 0).id;
    }
    EXPECT_TRUE(differs);
}

TEST(Sampler, ReportsTheModelsOwnProbabilities) {
    // Whatever the filters: what the model thought.
    const auto sampled = Sampler({.temperature = 0.1F, .topK = 1}).sample(logits, {}, 2);
    EXPECT_EQ(sampled.id, 0);
    EXPECT_NEAR(sampled.probability, 0.5F, 1e-6F);
    ASSERT_EQ(sampled.alternatives.size(), 2U);
    EXPECT_EQ(sampled.alternatives[1].id, 1);
    EXPECT_NEAR(sampled.alternatives[1].probability, 0.25F, 1e-6F);
}

TEST(Sampler, SettingsOutsideTheirRangeAreRefusedByName) {
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    const std::vector<std::pair<SamplerSettings, std::string>> bad{{{.temperature = -1.0F}, "temperature"},
                                                                   {{.temperature = nan}, "temperature"},
                                                                   {{.topK = -1}, "top-k"},
                                                                   {{.topP = 0.0F}, "top-p"},
                                                                   {{.topP = nan}, "top-p"},
                                                                   {{.minP = 1.0F}, "min-p"},
                                                                   {{.repetitionPenalty = 0.0F}, "penalty"},
                                                                   {{.repetitionWindow = -1}, "window"}};
    for (const auto& [settings, name] : bad) {
        const auto status = settings.validate();
        ASSERT_FALSE(status.ok()) << name;
        EXPECT_NE(status.error().message.find(name), std::string::npos) << status.error().message;
    }
    EXPECT_TRUE(SamplerSettings{}.validate().ok());
}

}  // namespace
}  // namespace ternion
