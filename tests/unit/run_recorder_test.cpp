// What a recorder writes is what it was told, and what it computes follows from that.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <fstream>
#include <thread>

#include "backend/cpu/cpu_backend.h"
#include "runs/answer_run.h"
#include "runs/benchmark.h"
#include "runs/run_facts.h"
#include "unit/file_size_limit.h"
#include "unit/run_store_fixture.h"

namespace ternion {
namespace {

namespace fs = std::filesystem;

class RunRecorderTest : public RunStoreFixture {
protected:
    RunRecorderTest() {
        ModelConfig config;
        config.vocabSize = 256;
        config.hiddenSize = 256;
        config.numLayers = 2;
        config.intermediateSize = 256;
        model_ = std::make_shared<const Model>(std::move(randomModel(config, 1)).value());
        device_ = std::move(makeCpuBackend()->load(model_, 0, {})).value();
        // A machine with one processor package whose counter runs at 20 W.
        fs::create_directories(sources_.sys / "class/powercap/intel-rapl:0");
        write("name", "package-0\n");
        write("max_energy_range_uj", "262143328850\n");
        setEnergy(0.0);
    }

    void write(const std::string& name, const std::string& text) const {
        const fs::path file = sources_.sys / "class/powercap/intel-rapl:0" / name;
        std::ofstream(file.string() + ".new") << text;
        fs::rename(file.string() + ".new", file);
    }
    void setEnergy(double joules) const { write("energy_uj", std::to_string(std::llround(joules * 1e6)) + "\n"); }

    std::unique_ptr<RunReader> reader() const { return std::move(store_->reader()).value(); }

    std::shared_ptr<const Model> model_;
    std::shared_ptr<DeviceModel> device_;
    ProbeSources sources_{folder_ / "sys", "/proc", "no-nvml.so"};
    std::unique_ptr<RunStore> store_ = openedRuns();
};

TEST_F(RunRecorderTest, FiguresFollowFromWhatWasTold) {
    RunRecorder recorder(*store_, device_, sources_);
    const auto run = recorder.begin(facts()).value();
    recorder.prefilled(512, 0.25);
    recorder.prefilled(100, 0.05);
    std::vector<double> latencies;
    for (int k = 0; k < 200; ++k) {
        latencies.push_back(0.001 * (k % 10 + 1));
        recorder.decoded(k, latencies.back());
    }
    recorder.memory({1000, 100, 20, 30, 4});
    recorder.memory({1000, 100, 20, 10, 0});
    recorder.kernels(false, {1, {{"bit_linear", 1e-6, 64, 0}}});
    ASSERT_TRUE(recorder.end({}).ok());

    const auto read = reader();
    const auto summary = read->load(run).value();
    EXPECT_EQ(summary.state, RunState::Finished);
    EXPECT_EQ(summary.figure("decode_tokens")->value, 200);
    EXPECT_NEAR(summary.figure("decode_tok_s")->value, 200 / 1.1, 1e-9);
    EXPECT_DOUBLE_EQ(summary.figure("decode_ms_p50")->value, 5.0);
    EXPECT_DOUBLE_EQ(summary.figure("decode_ms_p90")->value, 9.0);
    EXPECT_DOUBLE_EQ(summary.figure("decode_ms_p99")->value, 10.0);
    EXPECT_NEAR(summary.figure("prefill_tok_s")->value, 612 / 0.3, 1e-9);
    EXPECT_EQ(summary.figure("peak_device_bytes")->value, 1054);
    EXPECT_GT(summary.figure("peak_host_bytes")->value, 1e6);
    EXPECT_EQ(read->kernels(run)->size(), 1U);
    const auto tokens = read->tokens(run).value();
    ASSERT_EQ(tokens.size(), 200U);
    EXPECT_EQ(tokens[7].token, -1);  // there was no text
    const auto all = read->series(run).value();
    for (const auto& series : all) {
        const auto samples = read->samples(series.id).value();
        if (series.name == "token_latency") {
            ASSERT_EQ(samples.size(), latencies.size());
            for (std::size_t k = 0; k < samples.size(); ++k) {
                EXPECT_EQ(samples[k].value, latencies[k]);
                EXPECT_EQ(samples[k].time, tokens[k].time);
            }
        }
        if (series.name == "memory.scratch") {
            ASSERT_EQ(samples.size(), 2U);
            EXPECT_EQ(samples[1].value, 10);
        }
        EXPECT_NE(series.name == "device_memory.in_use", series.missing.empty()) << series.name;
    }
}

TEST_F(RunRecorderTest, EnergyIsIntegratedGrossAndAboveIdle) {
    RunRecorder recorder(*store_, device_, sources_);
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    // 5 W, and 25 W from `loaded` on: by the time itself, so that a counter that is written late still tells the truth.
    std::atomic<Clock::time_point> loaded = Clock::time_point::max();
    std::jthread machine([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            const auto now = Clock::now();
            const auto load = std::min(now, loaded.load());
            setEnergy(5.0 * std::chrono::duration<double>(load - start).count() +
                      25.0 * std::chrono::duration<double>(now - load).count());
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    });
    std::this_thread::sleep_until(start + std::chrono::milliseconds(2500));
    const auto run = recorder.begin(facts()).value();
    loaded = Clock::now();
    constexpr int tokens = 125;
    auto next = std::chrono::steady_clock::now();
    for (int k = 0; k < tokens; ++k) {
        next += std::chrono::milliseconds(20);
        std::this_thread::sleep_until(next);
        recorder.decoded(k, 0.02);
    }
    ASSERT_TRUE(recorder.end({}).ok());
    const auto summary = reader()->load(run).value();
    ASSERT_NE(summary.figure("energy_per_token"), nullptr) << (summary.missing.empty() ? "" : summary.missing[0].reason);
    ASSERT_NE(summary.figure("energy_per_token_above_idle"), nullptr);
    EXPECT_EQ(summary.figure("energy_per_token")->source, Source::VendorEstimate);
    EXPECT_NEAR(summary.figure("energy_per_token")->value, 0.5, 0.05);  // 25 W for 20 ms
    EXPECT_NEAR(summary.figure("energy_per_token_above_idle")->value, 0.4, 0.05);
    EXPECT_NEAR(summary.figure("idle_power")->value, 5.0, 0.7);
    EXPECT_NEAR(summary.figure("mean_power")->value, 25.0, 2.5);
}

TEST_F(RunRecorderTest, EnergyThatCannotBeHadIsSaidToBeMissing) {
    {
        RunRecorder recorder(*store_, device_, sources_);
        const auto run = recorder.begin(facts()).value();
        recorder.decoded(1, 0.001);
        ASSERT_TRUE(recorder.end({}).ok());
        const auto summary = reader()->load(run).value();
        EXPECT_EQ(summary.figure("energy_per_token"), nullptr);
        ASSERT_EQ(summary.missing.size(), 2U);
        EXPECT_NE(summary.missing[0].reason.find("has to take"), std::string::npos) << summary.missing[0].reason;
    }
    RunRecorder recorder(*store_, device_, {folder_ / "nothing", "/proc", "no-nvml.so"});
    const auto run = recorder.begin(facts()).value();
    recorder.decoded(1, 0.001);
    ASSERT_TRUE(recorder.end({}).ok());
    const auto summary = reader()->load(run).value();
    EXPECT_EQ(summary.figure("energy_per_token"), nullptr);
    ASSERT_EQ(summary.missing.size(), 2U);
    EXPECT_NE(summary.missing[0].reason.find("powercap"), std::string::npos) << summary.missing[0].reason;
}

TEST_F(RunRecorderTest, TheDevicesClockIsASeriesOfItsOwn) {
    for (const bool simulated : {true, false}) {
        RunRecorder recorder(*store_, device_, sources_, std::chrono::milliseconds(5));
        const auto run = recorder.begin(facts()).value();
        CycleCounts cycles;
        cycles.clockHz = 1e6;
        cycles.simulated = simulated;
        for (int k = 1; k <= 40; ++k) {
            recorder.decoded(k, 0.5);
            cycles.total = static_cast<std::uint64_t>(1000 * k);
            recorder.clocked(cycles);
            if (k % 10 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));  // some is written meanwhile
        }
        ASSERT_TRUE(recorder.end({}).ok());
        EXPECT_FALSE(recorder.trouble());
        const auto read = reader();
        const Source source = simulated ? Source::Modelled : Source::Measured;
        const auto all = read->series(run).value();
        const auto series =
            std::find_if(all.begin(), all.end(), [](const SeriesFacts& one) { return one.name == "token_clock"; });
        ASSERT_NE(series, all.end());
        EXPECT_EQ(series->unit, "s");
        EXPECT_EQ(series->source, source);
        const auto samples = read->samples(series->id).value();
        ASSERT_EQ(samples.size(), 40U);
        for (std::size_t k = 0; k < samples.size(); ++k) EXPECT_DOUBLE_EQ(samples[k].value, 1e-3 * static_cast<double>(k + 1));
        const auto summary = read->load(run).value();
        EXPECT_DOUBLE_EQ(summary.figure("clock_ms_p50")->value, 20.0);
        EXPECT_EQ(summary.figure("clock_ms_p50")->source, source);
        EXPECT_DOUBLE_EQ(summary.figure("decode_ms_p50")->value, 500.0);
        EXPECT_EQ(summary.figure("decode_ms_p50")->source, Source::Measured);
    }
}

TEST_F(RunRecorderTest, AFigureThatIsSaidToBeMissingIsNotComputed) {
    RunRecorder recorder(*store_, device_, sources_);
    const auto run = recorder.begin(facts()).value();
    recorder.prefilled(4, 0.1);
    RunRecorder::Outcome outcome;
    outcome.missing = {{"prefill_tok_s", "it was none"}};
    ASSERT_TRUE(recorder.end(outcome).ok());
    const auto summary = reader()->load(run).value();
    EXPECT_EQ(summary.figure("prefill_tok_s"), nullptr);
    ASSERT_EQ(summary.missing.size(), 1U);
    EXPECT_EQ(summary.missing[0].reason, "it was none");
    EXPECT_EQ(summary.figure("prefill_tokens")->value, 4);
}

TEST_F(RunRecorderTest, WhatIsToldIsOnDiskWithinASecond) {
    RunRecorder recorder(*store_, device_, sources_);
    const auto run = recorder.begin(facts()).value();
    for (int k = 0; k < 3000; ++k) recorder.decoded(k, 1.0 / 3000);
    std::this_thread::sleep_for(std::chrono::milliseconds(900));
    EXPECT_EQ(reader()->tokens(run)->size(), 3000U);
    EXPECT_EQ(reader()->load(run)->state, RunState::Running);
}

TEST_F(RunRecorderTest, AFullDiskLosesNothingThatFitsLater) {
    RunRecorder recorder(*store_, device_, sources_, std::chrono::milliseconds(20));
    const auto run = recorder.begin(facts()).value();
    {
        const FileSizeLimit limit(300000);
        for (int k = 0; k < 40000; ++k) recorder.decoded(k, 0.001);
        std::optional<Error> trouble;
        for (int k = 0; k < 500 && !trouble; ++k) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
            trouble = recorder.trouble();
        }
        ASSERT_TRUE(trouble);
        EXPECT_EQ(trouble->code, ErrorCode::Io);
    }
    for (int k = 0; k < 10; ++k) recorder.decoded(k, 0.001);
    ASSERT_TRUE(recorder.end({}).ok());
    EXPECT_EQ(reader()->tokens(run)->size(), 40010U);
}

TEST_F(RunRecorderTest, TellingCostsLessThanAMicrosecondOrTwo) {
    RunRecorder recorder(*store_, device_, sources_);
    ASSERT_TRUE(recorder.begin(facts()).ok());
    constexpr int count = 200000;
    const auto start = std::chrono::steady_clock::now();
    for (int k = 0; k < count; ++k) recorder.decoded(k, 0.001);
    const double each = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / count;
    std::printf("telling a token: %.0f ns\n", 1e9 * each);
    EXPECT_LT(each, 50e-6);  // only a recorder that writes on this thread takes as long
}

TEST_F(RunRecorderTest, ABenchmarkIsARun) {
    RunRecorder recorder(*store_, device_, sources_);
    BenchmarkPlan plan;
    plan.promptTokens = 64;
    plan.tokens = 30;
    plan.kernels = true;
    auto asked = factsOf("bench", *device_, {}, "preset:none");
    const auto result = recordBenchmark(device_, plan, asked, {}, recorder);
    ASSERT_TRUE(result.ok()) << result.error().text();
    const auto runs = reader()->list().value();
    ASSERT_EQ(runs.size(), 1U);
    const auto& run = runs[0];
    EXPECT_EQ(run.state, RunState::Finished);
    EXPECT_EQ(run.facts.model.hash, model_->hash());
    EXPECT_EQ(BenchmarkPlan::fromJson(run.facts.settings).value(), plan);
    EXPECT_EQ(run.figure("decode_tok_s")->value, result->tokensPerSecond());
    EXPECT_EQ(run.figure("prefill_tok_s")->value, result->prefillTokensPerSecond);
    EXPECT_EQ(run.figure("roofline_fraction")->value, *result->rooflineFraction());
    EXPECT_EQ(reader()->tokens(run.id)->size(), 30U);
    const auto kernels = reader()->kernels(run.id).value();
    ASSERT_FALSE(kernels.empty());
    std::uint64_t bytes = 0;
    for (const auto& kernel : kernels) {
        if (kernel.prefill) continue;
        EXPECT_GT(kernel.time.seconds, 0.0);
        EXPECT_LT(kernel.time.layer, 2);
        bytes += kernel.time.weightBytes;
    }
    EXPECT_EQ(bytes, device_->memory().perToken);

    plan.tracedLayer = 2;
    EXPECT_EQ(recordBenchmark(device_, plan, asked, {}, recorder).error().code, ErrorCode::InvalidArgument);
    EXPECT_EQ(reader()->list()->size(), 1U);
    plan.tracedLayer = -1;
    std::stop_source stop;
    stop.request_stop();
    EXPECT_EQ(recordBenchmark(device_, plan, asked, {{}, stop.get_token()}, recorder).error().code, ErrorCode::Cancelled);
    EXPECT_EQ(reader()->list()->front().state, RunState::Stopped);
    EXPECT_EQ(BenchmarkPlan::fromJson("{}").error().code, ErrorCode::BadInput);
    EXPECT_EQ(BenchmarkPlan::fromJson("[1").error().code, ErrorCode::BadInput);
    EXPECT_EQ(
        BenchmarkPlan::fromJson(R"({"prompt_tokens":1e99,"tokens":1,"traced_layer":-1,"kernels":true,"energy_seconds":0})")
            .error()
            .code,
        ErrorCode::BadInput);
}

TEST_F(RunRecorderTest, AnAnswerIsARunWithOrWithoutItsTexts) {
    RunRecorder recorder(*store_, device_, sources_);
    const auto session = std::move(Session::create(device_, nullptr)).value();
    for (const bool texts : {true, false}) {
        AnswerRun::Asked asked;
        asked.ids = {1, 2, 3};
        asked.prompt = "a b c";
        asked.options.maxTokens = 12;
        asked.options.stopAtEos = false;
        asked.options.stopStrings = {"\n\n"};
        asked.options.sampler = {0.8F, 0, 1.0F, 0.0F, 1.0F, 0, 5};
        asked.texts = texts;
        AnswerRun run(&recorder, factsOf("chat", *device_, "hash", {}), asked);
        ASSERT_TRUE(session->prefill(asked.ids).ok());
        run.prefilled(3, 0.01);
        run.begins();
        std::vector<TokenId> ids;
        const auto result = session->generate(asked.options, [&](const GeneratedToken& token) {
            run.came(token);
            ids.push_back(token.sampled.id);
            return true;
        });
        run.end(result, *device_);
        const auto last = reader()->list()->front();
        EXPECT_EQ(last.state, RunState::Finished);
        EXPECT_EQ(last.facts.kind, "chat");
        const auto back = answerOptions(last.facts).value();
        EXPECT_EQ(back.stopStrings, asked.options.stopStrings);
        EXPECT_EQ(back.stopAtEos, false);
        EXPECT_EQ(back.sampler, asked.options.sampler);
        const auto said = reader()->texts(last.id).value();
        EXPECT_EQ(said.promptIds.has_value(), texts);
        const auto tokens = reader()->tokens(last.id).value();
        ASSERT_EQ(tokens.size(), 12U);
        for (std::size_t k = 0; k < tokens.size(); ++k) EXPECT_EQ(tokens[k].token, texts ? ids[k] : -1);
        EXPECT_FALSE(reader()->kernels(last.id)->empty());
    }
    AnswerRun nobody(nullptr, {}, {});
    nobody.begins();
    nobody.came({});
}

}  // namespace
}  // namespace ternion
