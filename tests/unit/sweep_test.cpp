// A sweep runs everything that was asked for, in turns, and a step that cannot be done stops nothing.
#include <gtest/gtest.h>

#include "backend/cpu/cpu_backend.h"
#include "runs/benchmark.h"
#include "runs/sweep.h"
#include "unit/run_store_fixture.h"

namespace ternion {
namespace {

class Sweep : public RunStoreFixture {
protected:
    Sweep() {
        ModelConfig config;
        config.vocabSize = 256;
        config.hiddenSize = 256;
        config.numLayers = 1;
        config.intermediateSize = 256;
        model_ = std::make_shared<const Model>(std::move(randomModel(config, 3)).value());
        registry_.add(makeCpuBackend());
        plan_.models = {""};
        plan_.backends = {"cpu"};
        plan_.promptTokens = {0, 8};
        plan_.tokens = 4;
        plan_.repeats = 2;
        plan_.name = "night";
    }
    SweepContext context() const { return {registry_, *store_, model_, model_->hash(), "/models/tiny.gguf"}; }
    std::vector<RunSummary> runs() const { return store_->reader().value()->list().value(); }

    BackendRegistry registry_;
    std::shared_ptr<const Model> model_;
    std::unique_ptr<RunStore> store_ = openedRuns();
    SweepPlan plan_;
};

TEST_F(Sweep, EachRepeatGoesThroughAllBeforeTheNext) {
    SweepPlan plan;
    plan.models = {"370M", "1.3B"};
    plan.backends = {"cpu", "vulkan:0"};
    plan.packings = {Packing::TwoBit, Packing::Dense};
    plan.promptTokens = {16, 512, 2048};
    plan.repeats = 3;
    const auto steps = stepsOf(plan);
    ASSERT_EQ(steps.size(), 72U);
    for (std::size_t k = 0; k < steps.size(); ++k) {
        EXPECT_EQ(steps[k].repeat, static_cast<int>(k / 24));
        EXPECT_EQ(steps[k].text(), steps[k % 24].text());
        for (std::size_t n = 0; n < k % 24; ++n) EXPECT_NE(steps[k].text(), steps[n].text());
    }
    EXPECT_EQ(steps[0].text(), "370M on cpu, 2bit, prompt 16");
    EXPECT_TRUE(stepsOf({}).empty());
}

TEST_F(Sweep, EveryStepIsARun) {
    int told = 0;
    const auto outcome = runSweep(plan_, context(), {}, [&](const SweepStep& step, int done, int all) {
        EXPECT_EQ(done, told++);
        EXPECT_EQ(all, 4);
        EXPECT_EQ(step.promptTokens, done % 2 == 0 ? 0 : 8);
    });
    EXPECT_EQ(outcome.done, 4);
    EXPECT_TRUE(outcome.failures.empty()) << outcome.failures[0];
    EXPECT_FALSE(outcome.cancelled);
    const auto all = runs();
    ASSERT_EQ(all.size(), 4U);
    for (const RunSummary& run : all) {
        EXPECT_EQ(run.facts.sweep, "night");
        EXPECT_EQ(run.facts.model.hash, model_->hash());
        EXPECT_EQ(run.facts.model.path, "/models/tiny.gguf");
        EXPECT_EQ(run.state, RunState::Finished);
        EXPECT_EQ(BenchmarkPlan::fromJson(run.facts.settings)->tokens, 4);
    }
    EXPECT_EQ(all[0].figure("prefill_tok_s") != nullptr, true);
    EXPECT_EQ(all[1].figure("prefill_tok_s") != nullptr, false);
}

TEST_F(Sweep, WhatCannotBeDoneIsToldOnceAndTheRestGoesOn) {
    plan_.backends = {"no such device", "cpu"};
    plan_.promptTokens = {0};
    auto outcome = runSweep(plan_, context(), {}, {});
    EXPECT_EQ(outcome.done, 2);
    ASSERT_EQ(outcome.failures.size(), 1U);
    EXPECT_NE(outcome.failures[0].find("no such device"), std::string::npos);
    plan_.models = {"4T"};
    plan_.repeats = 1;
    outcome = runSweep(plan_, context(), {}, {});
    EXPECT_EQ(outcome.done, 0);
    EXPECT_EQ(outcome.failures.size(), 2U);
    auto closed = context();
    closed.openModel = nullptr;
    plan_.models = {""};
    outcome = runSweep(plan_, closed, {}, {});
    ASSERT_FALSE(outcome.failures.empty());
    EXPECT_NE(outcome.failures[0].find("no model is open"), std::string::npos);
}

TEST_F(Sweep, ACancelledSweepEndsAndItsRunSaysSo) {
    std::stop_source stop;
    plan_.promptTokens = {8};
    plan_.repeats = 50;
    const auto outcome = runSweep(plan_, context(), {{}, stop.get_token()}, [&](const SweepStep&, int done, int) {
        if (done == 1) stop.request_stop();
    });
    EXPECT_TRUE(outcome.cancelled);
    EXPECT_EQ(outcome.done, 1);
    for (const RunSummary& run : runs()) EXPECT_NE(run.state, RunState::Running);
}

}  // namespace
}  // namespace ternion
