#include "engine/intervention_effect.h"

#include <gtest/gtest.h>

#include <cmath>

#include "backend/cpu/cpu_backend.h"
#include "inspect/divergence.h"
#include "inspect/token_change.h"

namespace ternion {
namespace {

std::shared_ptr<DeviceModel> device() {
    ModelConfig config;
    config.vocabSize = 97;
    config.hiddenSize = 96;
    config.numLayers = 3;
    config.intermediateSize = 200;
    auto loaded = makeCpuBackend()->load(std::make_shared<const Model>(*randomModel(config, 3)), 0, {});
    EXPECT_TRUE(loaded.ok());
    return std::move(*loaded);
}

GenerateOptions options() {
    GenerateOptions all;
    all.sampler = {.temperature = 1.0F, .seed = 11};
    all.maxTokens = 40;
    all.stopAtEos = false;
    return all;
}

const std::vector<TokenId> prompt{1, 7, 9};

TEST(InterventionEffect, WithoutEditsTheAnswerIsTheOldOneAndNothingDiverges) {
    const auto on = device();
    const auto first = measureIntervention(on, nullptr, prompt, {}, options(), {}, {});
    ASSERT_TRUE(first.ok());
    ASSERT_EQ(first->answer.size(), 40U);
    EXPECT_TRUE(first->divergence.empty());
    int told = 0;
    const auto again = measureIntervention(on, nullptr, prompt, first->answer, options(), {}, [&](const auto&) { ++told; });
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(told, 40);
    EXPECT_EQ(again->answer, first->answer);
    EXPECT_EQ(again->divergence, std::vector<double>(40, 0.0));
    EXPECT_EQ(again->probability, again->editedProbability);
}

/// Each token's divergence, from passes of its own over all that is before it.
TEST(InterventionEffect, DivergenceIsThatOfTheDistributionsEachTokenWasDrawnFrom) {
    const auto on = device();
    const auto old = measureIntervention(on, nullptr, prompt, {}, options(), {}, {});
    ASSERT_TRUE(old.ok());
    const Intervention intervention{{TraceTensor::State, 1, 0, 48, Edit::Kind::Scale, 0.25F}};
    const auto effect = measureIntervention(on, nullptr, prompt, old->answer, options(), intervention, {});
    ASSERT_TRUE(effect.ok());
    EXPECT_NE(effect->answer, old->answer);
    ASSERT_EQ(effect->divergence.size(), old->answer.size());
    for (std::size_t k = 0; k < old->answer.size(); ++k) {
        std::vector<TokenId> before = prompt;
        before.insert(before.end(), old->answer.begin(), old->answer.begin() + static_cast<std::ptrdiff_t>(k));
        const auto state = on->createState(), editedState = on->createState();
        ForwardOptions edited;
        edited.intervention = intervention;
        const auto p = on->forward(before, **state, {}), q = on->forward(before, **editedState, edited);
        ASSERT_TRUE(p.ok() && q.ok());
        const auto token = static_cast<std::size_t>(old->answer[k]);
        EXPECT_EQ(effect->divergence[k], divergence(p->logits, q->logits)) << k;
        EXPECT_EQ(effect->probability[k], probabilityOf(token, p->logits));
        EXPECT_EQ(effect->editedProbability[k], probabilityOf(token, q->logits));
        EXPECT_GT(effect->divergence[k], 0.0);
    }
}

TEST(InterventionEffect, StopsAndRefuses) {
    std::stop_source stop;
    GenerateOptions stoppable = options();
    stoppable.stop = stop.get_token();
    const auto stopped =
        measureIntervention(device(), nullptr, prompt, {}, stoppable, {}, [&](const auto&) { stop.request_stop(); });
    ASSERT_FALSE(stopped.ok());
    EXPECT_EQ(stopped.error().code, ErrorCode::Cancelled);
    const auto refused = measureIntervention(device(), nullptr, prompt, {}, options(), {{TraceTensor::State, 3}}, {});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::InvalidArgument);
}

TEST(Divergence, IsTheFormula) {
    const std::vector<float> p{1.0F, -2.0F, 0.5F}, q{0.0F, 1.0F, 30.0F};
    double pSum = 0.0, qSum = 0.0, kl = 0.0;
    for (int k = 0; k < 3; ++k) {
        pSum += std::exp(double{p[k]});
        qSum += std::exp(double{q[k]});
    }
    for (int k = 0; k < 3; ++k)
        kl += std::exp(double{p[k]}) / pSum * std::log(std::exp(double{p[k]}) / pSum / (std::exp(double{q[k]}) / qSum));
    EXPECT_NEAR(divergence(p, q), kl, 1e-12);
    EXPECT_EQ(divergence(p, p), 0.0);
    EXPECT_NEAR(probabilityOf(1, p), std::exp(-2.0) / pSum, 1e-15);
    const std::vector<float> huge{1e30F, 0.0F}, other{0.0F, 1e30F};
    EXPECT_EQ(divergence(huge, huge), 0.0);
    EXPECT_GT(divergence(huge, other), 1e29);
}

TEST(TokenChange, IsTheStatesDistanceOverItsLength) {
    TraceStore store;
    const TraceRequest::Item item{TraceTensor::State, 2};
    const std::vector<float> states{3.0F, 4.0F, 3.0F, 4.0F, 0.0F, 0.0F, 0.0F, 2.0F};
    ASSERT_TRUE(store.append(item, 0, 4, 2, states).ok());
    EXPECT_EQ(relativeChange(store.series(item)), (std::vector<double>{1.0, 0.0, 0.0, 1.0}));
    EXPECT_TRUE(relativeChange({}).empty());
    TraceStore later;  // what was before the first of these is not known
    ASSERT_TRUE(later.append(item, 5, 2, 2, std::span(states).first(4)).ok());
    const auto change = relativeChange(later.series(item));
    ASSERT_EQ(change.size(), 2U);
    EXPECT_TRUE(std::isnan(change[0]));
    EXPECT_EQ(change[1], 0.0);
}

TEST(TokenChange, MatchesWhatIsCommonToTwoTexts) {
    const auto match = [](std::vector<TokenId> a, std::vector<TokenId> b) {
        const auto found = matchSequences(a, b);
        std::vector<TokenId> left, right;
        for (std::size_t k = 0; k < a.size(); ++k)
            if (found.first[k]) left.push_back(a[k]);
        for (std::size_t k = 0; k < b.size(); ++k)
            if (found.second[k]) right.push_back(b[k]);
        EXPECT_EQ(left, right);
        return left;
    };
    EXPECT_EQ(match({1, 2, 3}, {1, 2, 3}), (std::vector<TokenId>{1, 2, 3}));
    EXPECT_EQ(match({1, 2, 3, 4}, {1, 3, 5, 4}), (std::vector<TokenId>{1, 3, 4}));
    EXPECT_EQ(match({1, 2, 3, 2, 1}, {2, 1, 2}).size(), 2U);
    EXPECT_EQ(match({}, {1}), std::vector<TokenId>());
    EXPECT_EQ(match({1, 1}, {1}), std::vector<TokenId>{1});  // neither end counts a token twice
    EXPECT_EQ(match({5, 6}, {7, 8}), std::vector<TokenId>());
}

}  // namespace
}  // namespace ternion
