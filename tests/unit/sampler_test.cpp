#include "engine/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numeric>

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

/// Top-k and top-p as they are defined, by sorting; then which tokens any draw can fall on.
TEST(Sampler, KeepsWhatSortingKeepsAndWhatIsEqualTogether) {
    std::mt19937 random(3);
    for (int round = 0; round < 30; ++round) {
        std::vector<float> some(1 + random() % 700);
        for (float& logit : some) logit = static_cast<float>(random() % 60) / 4.0F;  // many are equal
        SamplerSettings settings{.temperature = 1.5F};
        if (round % 3 != 1) settings.topK = 1 + static_cast<int>(random() % 100);
        if (round % 3 != 0) settings.topP = static_cast<float>(1 + random() % 99) / 100.0F;
        std::vector<double> weights(some.size());
        std::transform(some.begin(), some.end(), weights.begin(), [](float logit) { return std::exp(logit / 1.5); });
        auto sorted = weights;
        std::sort(sorted.begin(), sorted.end(), std::greater<>());
        double least = 0.0;
        if (settings.topK > 0 && static_cast<std::size_t>(settings.topK) < sorted.size())
            least = sorted[static_cast<std::size_t>(settings.topK) - 1];
        const auto all = std::accumulate(sorted.begin(), sorted.end(), 0.0,
                                         [&](double sum, double weight) { return weight >= least ? sum + weight : sum; });
        double reached = 0.0;
        for (std::size_t k = 0; k < sorted.size() && reached < settings.topP * all && sorted[k] >= least; ++k)
            if ((reached += sorted[k]) >= settings.topP * all) least = sorted[k];

        std::vector<std::uint32_t> room;
        const TokenChoice choice = Sampler(settings).choice();
        std::map<TokenId, int> seen;
        for (std::uint64_t draw = 0; draw < 1U << 12; ++draw)
            ++seen[chooseToken(some, choice, static_cast<std::uint32_t>(draw << 20 | 0x80000U), room)];
        const double kept = std::accumulate(weights.begin(), weights.end(), 0.0,
                                            [&](double sum, double weight) { return weight >= least ? sum + weight : sum; });
        for (std::size_t id = 0; id < weights.size(); ++id) {
            const int times = seen[static_cast<TokenId>(id)];
            const double expected = weights[id] >= least ? weights[id] / kept * 4096.0 : 0.0;
            EXPECT_NEAR(times, expected, 1.5) << "round " << round << ", token " << id;
        }
    }
}

TEST(Sampler, ChoosesSomeTokenWhateverTheLogitsAre) {
    constexpr float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
    std::vector<std::uint32_t> room;
    for (const float temperature : {1e-45F, 1e-30F, 1.0F, 100.0F})
        for (const std::vector<float>& some : {std::vector<float>{-inf, 2.0F, -inf},
                                               {nan, 1.0F, nan},
                                               {inf, inf},
                                               {-inf, -inf},
                                               {0.0F, -0.0F},
                                               {3e38F, -3e38F},
                                               {1.0F}})
            for (const std::uint32_t draw : {0U, 1U << 31, ~0U}) {
                const auto id = chooseToken(some, Sampler({.temperature = temperature}).choice(), draw, room);
                EXPECT_GE(id, 0);
                EXPECT_LT(id, static_cast<TokenId>(some.size()));
            }
    EXPECT_EQ(chooseToken(std::vector<float>{-inf, 2.0F, -inf}, Sampler({.temperature = 100.0F}).choice(), ~0U, room), 1);
}

TEST(Sampler, WhoSamplesInItsPlaceUsesItsNumbers) {
    Sampler alone({.temperature = 1.0F, .seed = 9}), shared({.temperature = 1.0F, .seed = 9});
    std::vector<TokenId> ids, expected;
    std::vector<std::uint32_t> room;
    for (int k = 0; k < 20; ++k) expected.push_back(alone.sample(logits, {}, 0).id);
    while (ids.size() < expected.size()) {
        ids.push_back(shared.sample(logits, {}, 0).id);
        const auto draws = shared.ahead(5);
        for (int k = 0; k < 3; ++k)
            ids.push_back(chooseToken(logits, shared.choice(), draws[static_cast<std::size_t>(k)], room));
        shared.skip(3);
    }
    EXPECT_EQ(ids, expected);
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
