// Equal sides are equal to the bit; a planted fault is found where it was planted.
#include "compare/lockstep.h"

#include <gtest/gtest.h>

#include <cmath>
#include <mutex>
#include <set>
#include <thread>

#include "compare/comparison_report.h"
#include "unit/small_sides.h"

namespace ternion {
namespace {

LockstepResult run(const std::vector<std::shared_ptr<DeviceModel>>& sides, const LockstepPlan& plan,
                   const LockstepListener& listener = {}, const std::stop_token& stop = {}) {
    auto result = runLockstep(sides, plan, listener, stop);
    EXPECT_TRUE(result.ok()) << result.error().text();
    return std::move(*result);
}

TEST(Lockstep, EqualSidesAreExactlyEqual) {
    for (const Profile profile : {Profile::Fixed, Profile::Float}) {
        const auto result =
            run({sideOf(smallModel(), profile), sideOf(smallModel(), profile), sideOf(smallModel(), profile)}, planOf(9));
        ASSERT_EQ(result.comparisons.size(), 2U);
        for (const auto& comparison : result.comparisons) {
            EXPECT_EQ(comparison.compared, 12);
            EXPECT_EQ(comparison.maxAbs(), 0.0F);
            EXPECT_EQ(comparison.meanKl, 0.0);
            EXPECT_EQ(comparison.sameTop, 12);
            EXPECT_FALSE(comparison.divergence.has_value());
        }
        EXPECT_EQ(result.sides[0].tokens, result.sides[1].tokens);
        EXPECT_EQ(result.sides[0].seconds.size(), 12U);
    }
}

TEST(Lockstep, AFlippedTritIsNamed) {
    Model broken = smallModel();
    flipTrit(broken.layers[1].f.weight, 17);
    LockstepPlan plan = planOf(6);
    plan.threshold = 0.0;
    plan.stopAtDivergence = true;
    const auto result = run({sideOf(smallModel()), sideOf(std::move(broken))}, plan);
    ASSERT_TRUE(result.comparisons[0].divergence.has_value());
    const Divergence& found = *result.comparisons[0].divergence;
    EXPECT_EQ(*found.item, (TraceRequest::Item{TraceTensor::ForgetProjection, 1}));
    EXPECT_EQ(found.channel, 17);
    EXPECT_NE(found.first, found.other);
    EXPECT_LT(result.comparisons[0].compared, 9) << "it was to stop there";
    EXPECT_NE(describe(found).find("layer 1, forget_projection, channel 17"), std::string::npos) << describe(found);
}

TEST(Lockstep, AChangedScaleIsNamed) {
    Model broken = smallModel();
    TernaryMatrix& matrix = broken.layers[2].down.weight;
    std::vector<std::int8_t> trits;
    for (int r = 0; r < matrix.rows(); ++r)
        for (int c = 0; c < matrix.cols(); ++c) trits.push_back(static_cast<std::int8_t>(matrix.trit(r, c)));
    matrix = std::move(*TernaryMatrix::fromTrits(trits, matrix.rows(), matrix.cols(), matrix.gamma() * 1.001F));
    LockstepPlan plan = planOf(2);
    plan.threshold = 0.0;
    const auto result = run({sideOf(smallModel()), sideOf(std::move(broken))}, plan);
    ASSERT_TRUE(result.comparisons[0].divergence.has_value());
    EXPECT_EQ(*result.comparisons[0].divergence->item, (TraceRequest::Item{TraceTensor::ChannelMixer, 2}));
}

/// A device whose state is not what was restored, from some token on.
class StaleState final : public ObservedDevice {
public:
    StaleState(const std::shared_ptr<DeviceModel>& device, int position)
        : ObservedDevice(device, device->device(), [](std::span<const TokenId>) { return std::nullopt; }),
          position_(position) {}
    Result<ForwardOutput> forward(std::span<const TokenId> tokens, DeviceState& state, const ForwardOptions& options) override {
        const auto before = state.snapshot();
        if (before && before->position == position_) {
            auto stale = *before;
            stale.h[70] += 0.25F;  // layer 1, channel 6
            EXPECT_TRUE(state.restore(stale).ok());
        }
        return ObservedDevice::forward(tokens, state, options);
    }

private:
    int position_;
};

TEST(Lockstep, AStaleStateIsNamed) {
    const auto result = run({sideOf(smallModel()), std::make_shared<StaleState>(sideOf(smallModel()), 4)}, planOf(6));
    ASSERT_TRUE(result.comparisons[0].divergence.has_value());
    const Divergence& found = *result.comparisons[0].divergence;
    EXPECT_EQ(*found.item, (TraceRequest::Item{TraceTensor::State, 1}));
    EXPECT_EQ(found.channel, 6);
    EXPECT_EQ(found.position, 4);
}

TEST(Lockstep, OneSideFailsAloneEvenTheFirst) {
    for (const int fails : {0, 1}) {
        std::vector<std::shared_ptr<DeviceModel>> sides{sideOf(smallModel()), sideOf(smallModel())};
        auto& broken = sides[static_cast<std::size_t>(fails)];
        broken = failing(broken, 5);
        std::vector<std::pair<int, std::string>> failures;
        LockstepListener listener;
        listener.failed = [&](int side, const Error& error) { failures.emplace_back(side, error.message); };
        const auto result = run(sides, planOf(10), listener);
        EXPECT_EQ(failures, (std::vector<std::pair<int, std::string>>{{fails, "pulled out"}}));
        EXPECT_EQ(result.sides[static_cast<std::size_t>(1 - fails)].tokens.size(), 13U);
        EXPECT_EQ(result.sides[static_cast<std::size_t>(fails)].tokens.size(), 5U);
        ASSERT_TRUE(result.sides[static_cast<std::size_t>(fails)].error.has_value());
        EXPECT_EQ(result.comparisons[0].compared, 5);
    }
}

TEST(Lockstep, OwnTextsAreComparedWhileTheyAreTheSame) {
    Model other = smallModel();
    for (auto& w : other.head.norm) w = -w;  // the other way round: surely another text
    LockstepPlan plan = planOf(8);
    plan.feeding = Feeding::OwnText;
    const auto apart = run({sideOf(smallModel()), sideOf(std::move(other))}, plan);
    EXPECT_EQ(apart.sides[0].tokens.size(), 11U);
    EXPECT_EQ(apart.sides[1].tokens.size(), 11U);
    EXPECT_NE(apart.sides[0].tokens, apart.sides[1].tokens);
    EXPECT_LT(apart.comparisons[0].compared, 11);
    EXPECT_GE(apart.comparisons[0].compared, 3);
}

TEST(Lockstep, StopsWithinATokenOrTwo) {
    std::stop_source stop;
    LockstepListener listener;
    std::set<std::thread::id> threads;
    int steps = 0;
    listener.stepped = [&](int, const std::shared_ptr<const SideStep>&) {
        threads.insert(std::this_thread::get_id());
        if (++steps == 6) stop.request_stop();
    };
    const auto result = run({sideOf(smallModel()), sideOf(smallModel())}, planOf(100000), listener, stop.get_token());
    EXPECT_TRUE(result.stopped);
    EXPECT_LT(result.sides[0].tokens.size(), 20U);
    EXPECT_EQ(threads.size(), 1U) << "one thread tells";
    EXPECT_FALSE(result.sides[0].error.has_value());
}

TEST(Lockstep, RefusesWhatCannotBeCompared) {
    const auto side = sideOf(smallModel());
    const auto refused = [](const std::vector<std::shared_ptr<DeviceModel>>& sides, const LockstepPlan& plan,
                            const char* what) {
        const auto result = runLockstep(sides, plan, {}, {});
        ASSERT_FALSE(result.ok());
        EXPECT_EQ(result.error().code, ErrorCode::InvalidArgument);
        EXPECT_NE(result.error().message.find(what), std::string::npos) << result.error().message;
    };
    refused({side}, planOf(1), "two devices");
    refused({side, side}, planOf(1), "twice");
    LockstepPlan plan = planOf(1);
    plan.prompt.clear();
    refused({side, sideOf(smallModel())}, plan, "prompt");
    plan.prompt = {61};
    refused({side, sideOf(smallModel())}, plan, "vocabulary");
    ModelConfig config = smallModel().config;
    config.hiddenSize = 32;
    refused({side, sideOf(std::move(*randomModel(config, 1)))}, planOf(1), "shape");
}

TEST(ComparisonReport, SaysWhatWasFound) {
    Model broken = smallModel();
    flipTrit(broken.layers[0].g.weight, 2);
    const std::vector<std::shared_ptr<DeviceModel>> sides{sideOf(smallModel()), sideOf(std::move(broken))};
    LockstepPlan plan = planOf(3);
    plan.threshold = 0.0;
    ComparisonReport report{
        0, {SideFacts::of(*sides[0]), SideFacts::of(*sides[1])}, plan, run(sides, plan), "hello", "ternion", "today"};
    const std::string page = toMarkdown(report);
    for (const char* part :
         {"layer 0, output_gate, channel 2", "| A | cpu", "| B | cpu", "measured", "Prompt: `hello`", "fixed"})
        EXPECT_NE(page.find(part), std::string::npos) << part << "\n" << page;
    const std::string json = toJson(report);
    for (const char* key : {"\"first_divergence\":{", "\"max_abs\":", "\"kl\":", "\"top1_agreement\":", "\"per_layer\":["})
        EXPECT_NE(json.find(key), std::string::npos) << key;
}

}  // namespace
}  // namespace ternion
