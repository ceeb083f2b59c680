// A bundle holds all of a run to the bit, nothing that was not wanted in it, and can be run again.
#include "runs/run_bundle.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "backend/cpu/cpu_backend.h"
#include "base/sha256.h"
#include "base/zip_entries.h"
#include "runs/answer_run.h"
#include "runs/benchmark.h"
#include "runs/replay.h"
#include "runs/run_facts.h"
#include "runs/run_recorder.h"
#include "unit/run_store_fixture.h"

namespace ternion {
namespace {

std::uint64_t bits(double value) { return std::bit_cast<std::uint64_t>(value); }

void expectSame(const RunFacts& a, const RunFacts& b) {
    EXPECT_EQ(a.kind, b.kind);
    EXPECT_EQ(a.model.hash, b.model.hash);
    EXPECT_EQ(a.model.name, b.model.name);
    EXPECT_EQ(a.model.parameters, b.model.parameters);
    EXPECT_EQ(a.model.unoptimisedBytes, b.model.unoptimisedBytes);
    EXPECT_EQ(a.device.id(), b.device.id());
    EXPECT_EQ(a.device.name, b.device.name);
    EXPECT_EQ(a.device.driver, b.device.driver);
    EXPECT_EQ(a.device.memoryBytes, b.device.memoryBytes);
    EXPECT_EQ(a.device.pciAddress, b.device.pciAddress);
    EXPECT_EQ(a.device.software, b.device.software);
    EXPECT_EQ(a.packing, b.packing);
    EXPECT_EQ(a.profile, b.profile);
    EXPECT_EQ(a.program, b.program);
    EXPECT_EQ(a.shaderHash, b.shaderHash);
    EXPECT_EQ(a.sampler, b.sampler);
    EXPECT_EQ(a.maxTokens, b.maxTokens);
    EXPECT_EQ(a.settings, b.settings);
    EXPECT_EQ(a.sweep, b.sweep);
    EXPECT_EQ(a.intervention, b.intervention);
}

void expectSame(const RunSummary& a, const RunSummary& b) {
    expectSame(a.facts, b.facts);
    EXPECT_EQ(a.state, b.state);
    EXPECT_EQ(a.startedAt, b.startedAt);
    EXPECT_EQ(bits(a.seconds), bits(b.seconds));
    EXPECT_EQ(a.error, b.error);
    EXPECT_EQ(a.tags, b.tags);
    EXPECT_EQ(a.note, b.note);
    ASSERT_EQ(a.figures.size(), b.figures.size());
    for (std::size_t k = 0; k < a.figures.size(); ++k) {
        EXPECT_EQ(a.figures[k].name, b.figures[k].name);
        EXPECT_EQ(bits(a.figures[k].value), bits(b.figures[k].value));
        EXPECT_EQ(a.figures[k].unit, b.figures[k].unit);
        EXPECT_EQ(a.figures[k].source, b.figures[k].source);
    }
    ASSERT_EQ(a.missing.size(), b.missing.size());
    for (std::size_t k = 0; k < a.missing.size(); ++k) {
        EXPECT_EQ(a.missing[k].name, b.missing[k].name);
        EXPECT_EQ(a.missing[k].reason, b.missing[k].reason);
    }
}

void expectSame(const Bundle& a, const Bundle& b) {
    expectSame(a.run, b.run);
    EXPECT_EQ(a.run.facts.model.path, b.run.facts.model.path);
    EXPECT_EQ(a.texts.prompt, b.texts.prompt);
    EXPECT_EQ(a.texts.promptIds, b.texts.promptIds);
    EXPECT_EQ(a.texts.answer, b.texts.answer);
    ASSERT_EQ(a.series.size(), b.series.size());
    for (std::size_t k = 0; k < a.series.size(); ++k) {
        const SeriesFacts &one = a.series[k], &other = b.series[k];
        EXPECT_EQ(one.name, other.name);
        EXPECT_EQ(one.unit, other.unit);
        EXPECT_EQ(one.source, other.source);
        EXPECT_EQ(bits(one.period), bits(other.period));
        EXPECT_EQ(one.detail, other.detail);
        EXPECT_EQ(one.missing, other.missing);
        ASSERT_EQ(a.samples[k].size(), b.samples[k].size());
        for (std::size_t s = 0; s < a.samples[k].size(); ++s) {
            EXPECT_EQ(a.samples[k][s].time, b.samples[k][s].time);
            EXPECT_EQ(bits(a.samples[k][s].value), bits(b.samples[k][s].value));
        }
    }
    ASSERT_EQ(a.tokens.size(), b.tokens.size());
    for (std::size_t k = 0; k < a.tokens.size(); ++k) {
        EXPECT_EQ(a.tokens[k].position, b.tokens[k].position);
        EXPECT_EQ(a.tokens[k].time, b.tokens[k].time);
        EXPECT_EQ(a.tokens[k].token, b.tokens[k].token);
    }
    ASSERT_EQ(a.kernels.size(), b.kernels.size());
    for (std::size_t k = 0; k < a.kernels.size(); ++k) {
        const KernelRecord &one = a.kernels[k], &other = b.kernels[k];
        EXPECT_EQ(one.prefill, other.prefill);
        EXPECT_EQ(one.tokens, other.tokens);
        EXPECT_EQ(one.time.kernel, other.time.kernel);
        EXPECT_EQ(bits(one.time.seconds), bits(other.time.seconds));
        EXPECT_EQ(one.time.weightBytes, other.time.weightBytes);
        EXPECT_EQ(one.time.layer, other.time.layer);
    }
    ASSERT_EQ(a.annotations.size(), b.annotations.size());
    for (std::size_t k = 0; k < a.annotations.size(); ++k) {
        EXPECT_EQ(a.annotations[k].seconds, b.annotations[k].seconds);
        EXPECT_EQ(a.annotations[k].text, b.annotations[k].text);
    }
}

class RunBundleTest : public RunStoreFixture {
protected:
    std::unique_ptr<RunReader> reader() const { return std::move(store_->reader()).value(); }
    std::filesystem::path bundlePath(const char* name = "run.zip") const { return folder_ / name; }

    /// A run with some of everything.
    std::int64_t recorded() {
        RunFacts facts = RunStoreFixture::facts();
        facts.kind = "chat";
        facts.device.pciAddress = "0000:03:00.0";
        facts.device.index = 2;
        facts.device.backend = "vulkan";
        facts.intervention.push_back({TraceTensor::Glu, 1, 0, 0, Edit::Kind::Clamp, -0.1F, 3e-7F});
        facts.intervention.push_back({TraceTensor::State, 0, 5, 1, Edit::Kind::Pin, -1e-38F, 0.0F});
        const auto run =
            store_->begin(facts, {"What does Zyzzyva mean?\n\"\xF0\x9F\x8C\x8D\"", std::vector<TokenId>{1, 31999, 0, 7}, {}})
                .value();
        RunBatch batch;
        batch.run = run;
        const auto add = [&](const SeriesFacts& facts, std::vector<Sample> samples) {
            batch.samples.push_back({store_->addSeries(run, facts).value(), std::move(samples)});
        };
        add({0, "token_latency", "s", Source::Measured, 0.0, {}, {}},
            {{0, 0.1}, {1, 1.0 / 3.0}, {5'000'000'000, std::nextafter(0.25, 1.0)}, {5'000'000'001, double{0.1F}}});
        add({0, "power.gpu", "W", Source::VendorEstimate, 0.1, "sensor 3, \"quoted\"", {}},
            {{7, -0.0},
             {8, std::numeric_limits<double>::denorm_min()},
             {9, std::numeric_limits<double>::max()},
             {10, -1e-300}});
        add({0, "power.cpu", "W", Source::Modelled, 0.0, {}, "nobody may read it"}, {});
        for (int k = 0; k < 4; ++k) batch.tokens.push_back({k, k < 2 ? k : 5'000'000'000 + k - 2, 31990 + k});
        batch.kernels = {{false, 1, {"head, \"last\"", 1e-6 / 3.0, 0, -1}}, {true, 64, {"bit_linear", 2e-5, 123456789, 3}}};
        EXPECT_TRUE(store_->write(batch).ok());
        RunEnd end;
        end.state = RunState::Stopped;
        end.seconds = 5.000000123456789;
        end.error = "stopped by the user";
        end.figures = {{"decode_tok_s", 1234.5678901234567, "1/s", Source::Measured},
                       {"energy_per_token", 0.1 + 0.2, "J", Source::VendorEstimate},
                       {"peak_device_bytes", 9007199254740993.0, "B", Source::Modelled}};
        end.missing = {{"idle_power", "it never rested"}};
        end.answer = "It is a Quagmire of weevils\xE2\x80\xA6";
        EXPECT_TRUE(store_->finish(run, end).ok());
        EXPECT_TRUE(store_->setTags(run, {"b tag", "a"}).ok());
        EXPECT_TRUE(store_->setNote(run, "the good one").ok());
        EXPECT_TRUE(store_->annotate(run, 2.5, "the fan started").ok());
        EXPECT_TRUE(store_->annotate(run, std::nullopt, "warm day").ok());
        return run;
    }

    std::unique_ptr<RunStore> store_ = openedRuns();
};

TEST_F(RunBundleTest, EverythingComesBackToTheBit) {
    const auto run = recorded();
    ASSERT_TRUE(exportBundle(*reader(), run, bundlePath()).ok());
    struct stat status {};
    ASSERT_EQ(stat(bundlePath().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    const auto bundle = readBundle(bundlePath());
    ASSERT_TRUE(bundle.ok()) << bundle.error().text();
    const auto read = reader();
    expectSame(bundle->run, read->load(run).value());
    EXPECT_EQ(bundle->run.facts.model.path, "");  // whose disk that was is nobody's business
    Bundle expected;
    expected.run = bundle->run;
    expected.texts = read->texts(run).value();
    expected.series = read->series(run).value();
    for (const auto& series : expected.series) expected.samples.push_back(read->samples(series.id).value());
    expected.tokens = read->tokens(run).value();
    expected.kernels = read->kernels(run).value();
    expected.annotations = read->annotations(run).value();
    ASSERT_EQ(expected.samples.size(), 3U);
    expectSame(*bundle, expected);
    EXPECT_EQ(bundle->run.facts.sampler.seed, 0xFEDCBA9876543210U);
}

TEST_F(RunBundleTest, AnImportedRunIsForeignAndExportsTheSame) {
    const auto run = recorded();
    ASSERT_TRUE(exportBundle(*reader(), run, bundlePath()).ok());
    const auto bundle = std::move(readBundle(bundlePath())).value();
    const auto other = std::move(RunStore::open(folder_ / "other" / "ternion.db")).value();
    const auto id = importBundle(*other.store, bundle, "/home/somebody/secret/run.zip");
    ASSERT_TRUE(id.ok()) << id.error().text();
    const auto read = std::move(other.store->reader()).value();
    const auto foreign = read->load(*id).value();
    EXPECT_EQ(foreign.origin, "run.zip");
    EXPECT_FALSE(foreign.baseline);
    expectSame(foreign, bundle.run);
    EXPECT_EQ(read->summary(read->series(*id)->front().id)->p50, double{0.1F});
    ASSERT_TRUE(exportBundle(*read, *id, bundlePath("again.zip")).ok());
    expectSame(std::move(readBundle(bundlePath("again.zip"))).value(), bundle);
    EXPECT_TRUE(importBundle(*other.store, bundle, "run.zip").ok());  // a second time is another run
    EXPECT_EQ(read->list()->size(), 2U);
}

TEST_F(RunBundleTest, WithoutTextsNothingOfThemIsInTheFile) {
    const auto run = recorded();
    ASSERT_TRUE(exportBundle(*reader(), run, bundlePath(), {.texts = false}).ok());
    const auto zip = ZipReader::open(bundlePath(), {.entries = 100, .bytes = 1 << 20});
    ASSERT_TRUE(zip.ok());
    for (const auto& [name, size] : zip->sizes()) {
        const auto text = zip->read(name, size).value();
        for (const char* part : {"Zyzzyva", "Quagmire"})
            EXPECT_EQ(text.find(part), std::string::npos) << part << " is in " << name;
        if (name != "manifest.json") {  // hashes hold any digits
            EXPECT_EQ(text.find("3199"), std::string::npos) << name;
        }
        EXPECT_EQ(text.find("/models"), std::string::npos) << name;
    }
    const auto bundle = std::move(readBundle(bundlePath())).value();
    EXPECT_FALSE(bundle.texts.prompt || bundle.texts.promptIds || bundle.texts.answer);
    ASSERT_EQ(bundle.tokens.size(), 4U);
    for (const auto& token : bundle.tokens) EXPECT_EQ(token.token, -1);
}

TEST_F(RunBundleTest, APresetsPathIsKept) {
    RunFacts facts = RunStoreFixture::facts();
    facts.model.path = "preset:370M";
    const auto run = store_->begin(facts).value();
    ASSERT_TRUE(store_->finish(run, {RunState::Finished, 1.0, {}, {}}).ok());
    ASSERT_TRUE(exportBundle(*reader(), run, bundlePath()).ok());
    EXPECT_EQ(readBundle(bundlePath())->run.facts.model.path, "preset:370M");
}

TEST_F(RunBundleTest, OnlyRunsThatHaveEndedAndCanBeWritten) {
    const auto run = store_->begin(facts()).value();
    EXPECT_EQ(exportBundle(*reader(), run, bundlePath()).error().code, ErrorCode::InvalidArgument);
    EXPECT_EQ(exportBundle(*reader(), run + 1, bundlePath()).error().code, ErrorCode::NotFound);
    RunEnd end;
    end.figures = {{"decode_tok_s", std::numeric_limits<double>::infinity(), "1/s"}};
    ASSERT_TRUE(store_->finish(run, end).ok());
    const auto infinite = exportBundle(*reader(), run, bundlePath());
    EXPECT_EQ(infinite.error().code, ErrorCode::Unsupported);
    EXPECT_NE(infinite.error().text().find("decode_tok_s"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(bundlePath()));
    const auto fine = recorded();
    EXPECT_EQ(exportBundle(*reader(), fine, folder_ / "no" / "such" / "run.zip").error().code, ErrorCode::Io);
}

TEST(Sha256, IsTheStandards) {
    EXPECT_EQ(sha256("abc").value(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256("").value(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/// On a small model, which writes a lot that is never said twice.
class ReplayTest : public RunStoreFixture {
protected:
    ReplayTest() {
        ModelConfig config;
        config.vocabSize = 256;
        config.hiddenSize = 256;
        config.numLayers = 2;
        config.intermediateSize = 256;
        model_ = std::make_shared<const Model>(std::move(randomModel(config, 1)).value());
        device_ = std::move(makeCpuBackend()->load(model_, 0, {})).value();
        facts_ = factsOf("generate", *device_, {}, "/models/small");
        recorder_ = std::make_unique<RunRecorder>(*store_, device_, sources_);
    }

    /// An answer of 20 tokens, or of `stopAfter`, as a bundle that was written and read.
    Bundle answered(int stopAfter = 1000) {
        AnswerRun::Asked asked;
        asked.ids = {1, 2, 3};
        asked.prompt = "a b c";
        asked.options.maxTokens = 20;
        asked.options.stopAtEos = false;
        asked.options.sampler = {0.9F, 0, 0.95F, 0.0F, 1.1F, 0, 77};
        facts_.intervention = {{TraceTensor::ForgetGate, 1, 0, 40, Edit::Kind::Scale, 0.5F, 0.0F}};
        const auto session = std::move(Session::create(device_, nullptr)).value();
        EXPECT_TRUE(session->setIntervention(facts_.intervention).ok());
        AnswerRun run(recorder_.get(), facts_, asked);
        EXPECT_TRUE(run.prefill(*session, asked.ids, {}).ok());
        run.begins();
        tokens_.clear();
        const auto result = session->generate(asked.options, [&](const GeneratedToken& token) {
            run.came(token);
            tokens_.push_back(token.sampled.id);
            return static_cast<int>(tokens_.size()) < stopAfter;
        });
        run.end(result, *device_);
        return exported(recorder_->lastRun());
    }
    Bundle exported(std::int64_t run) const {
        const auto reader = std::move(store_->reader()).value();
        EXPECT_TRUE(exportBundle(*reader, run, folder_ / "run.zip").ok());
        return std::move(readBundle(folder_ / "run.zip")).value();
    }
    Result<Replay> again(const Bundle& bundle, RunRecorder* recorder) const {
        return replay(bundle, device_, nullptr, factsOf("replay", *device_, facts_.model.hash, {}), {}, recorder);
    }
    static const ReplayDifference* find(const Replay& replay, const std::string& what) {
        for (const auto& one : replay.differences)
            if (one.what == what) return &one;
        return nullptr;
    }

    std::shared_ptr<const Model> model_;
    std::shared_ptr<DeviceModel> device_;
    RunFacts facts_;
    std::vector<TokenId> tokens_;
    ProbeSources sources_{folder_ / "sys", "/proc", "no-nvml.so"};
    std::unique_ptr<RunStore> store_ = openedRuns();
    std::unique_ptr<RunRecorder> recorder_;
};

TEST_F(ReplayTest, AnAnswerIsTheSameAndRecorded) {
    const Bundle bundle = answered();
    const auto replayed = again(bundle, recorder_.get());
    ASSERT_TRUE(replayed.ok()) << replayed.error().text();
    EXPECT_EQ(replayed->tokens, tokens_);
    EXPECT_EQ(replayed->compared, 20);
    EXPECT_TRUE(replayed->same());
    for (const auto& one : replayed->differences)
        EXPECT_EQ(one.kind, ReplayDifference::Kind::Figure) << one.what << ": " << one.before << ", " << one.now;
    const auto last = std::move(store_->reader()).value()->list()->front();
    EXPECT_EQ(last.id, replayed->run.id);
    EXPECT_EQ(last.facts.kind, "replay");
    EXPECT_EQ(replayed->run.facts.intervention, facts_.intervention);
    EXPECT_NE(last.figure("decode_tok_s"), nullptr);
    // ... and again, without leaving anything, from the replay itself.
    const auto third = again(exported(replayed->run.id), nullptr);
    ASSERT_TRUE(third.ok()) << third.error().text();
    EXPECT_EQ(third->tokens, tokens_);
    EXPECT_EQ(third->run.id, 0);
    EXPECT_NE(third->run.figure("decode_tok_s"), nullptr);
    EXPECT_EQ(std::move(store_->reader()).value()->list()->size(), 2U);
}

TEST_F(ReplayTest, AnotherSeedIsAnotherAnswerAndTheFirstTokenIsNamed) {
    const Bundle bundle = answered();
    Bundle changed = bundle;
    changed.run.facts.sampler.seed = 78;
    const auto other = again(changed, nullptr);
    ASSERT_TRUE(other.ok());
    // What would be found if the seed had changed on the way.
    const auto found = differences(bundle, other->run, other->tokens);
    std::size_t first = 0;
    while (first < tokens_.size() && tokens_[first] == other->tokens[first]) ++first;
    ASSERT_LT(first, tokens_.size());
    const auto line = [&](const std::string& what) {
        return *std::find_if(found.begin(), found.end(), [&](const auto& one) { return one.what == what; });
    };
    EXPECT_EQ(line("seed").before, "77");
    EXPECT_EQ(line("seed").now, "78");
    EXPECT_EQ(line("seed").kind, ReplayDifference::Kind::Circumstance);
    const auto token = line("token " + std::to_string(first));
    EXPECT_EQ(token.before, std::to_string(tokens_[first]));
    EXPECT_EQ(token.now, std::to_string(other->tokens[first]));
    EXPECT_EQ(token.kind, ReplayDifference::Kind::Result);
    EXPECT_FALSE(other->same());  // it was compared with the first answer's tokens
    EXPECT_EQ(std::count_if(found.begin(), found.end(), [](const auto& one) { return one.what.starts_with("token "); }), 1);
}

TEST_F(ReplayTest, EveryChangedCircumstanceIsTold) {
    Bundle bundle = answered();
    bundle.run.facts.device.driver = "another driver";
    bundle.run.facts.model.hash = "another hash";
    bundle.run.facts.program = "ternion 0.0.1";
    const auto replayed = std::move(again(bundle, nullptr)).value();
    EXPECT_TRUE(replayed.same());
    for (const char* what : {"driver", "model hash", "program"}) {
        const auto* one = find(replayed, what);
        ASSERT_NE(one, nullptr) << what;
        EXPECT_EQ(one->kind, ReplayDifference::Kind::Circumstance);
        EXPECT_NE(one->before, one->now);
    }
    EXPECT_EQ(find(replayed, "driver")->before, "another driver");
}

TEST_F(ReplayTest, WhatWasStoppedIsComparedAsFarAsItCame) {
    const Bundle bundle = answered(7);
    EXPECT_EQ(bundle.run.state, RunState::Stopped);
    const auto replayed = std::move(again(bundle, nullptr)).value();
    EXPECT_TRUE(replayed.same());
    EXPECT_EQ(replayed.compared, 7);
    EXPECT_EQ(replayed.tokens, tokens_);
}

TEST_F(ReplayTest, ABenchmarkRunsByItsPlan) {
    BenchmarkPlan plan;
    plan.promptTokens = 16;
    plan.tokens = 12;
    ASSERT_TRUE(recordBenchmark(device_, plan, factsOf("bench", *device_, {}, {}), {}, *recorder_).ok());
    const auto replayed = again(exported(recorder_->lastRun()), recorder_.get());
    ASSERT_TRUE(replayed.ok()) << replayed.error().text();
    EXPECT_EQ(replayed->run.facts.settings, plan.toJson());
    EXPECT_EQ(replayed->compared, 0);
    EXPECT_TRUE(replayed->same());
    EXPECT_EQ(replayed->run.figure("decode_tokens")->value, 12);
    EXPECT_EQ(find(*replayed, "decode_tok_s")->kind, ReplayDifference::Kind::Figure);
}

TEST_F(ReplayTest, WhatCannotBeRunAgainIsSaid) {
    Bundle bundle = answered();
    const Bundle whole = bundle;
    bundle.texts = {};
    const auto silent = again(bundle, recorder_.get());
    EXPECT_EQ(silent.error().code, ErrorCode::Unsupported);
    EXPECT_NE(silent.error().text().find("prompt is not recorded"), std::string::npos);
    bundle = whole;
    bundle.run.facts.settings = "{}";
    EXPECT_EQ(again(bundle, nullptr).error().code, ErrorCode::BadInput);
    bundle = whole;
    bundle.run.facts.intervention = {{TraceTensor::Glu, 2}};
    EXPECT_EQ(again(bundle, nullptr).error().code, ErrorCode::InvalidArgument);
    bundle = whole;
    bundle.texts.promptIds = std::vector<TokenId>{1, 256};
    EXPECT_EQ(again(bundle, recorder_.get()).error().code, ErrorCode::InvalidArgument);
    EXPECT_EQ(std::move(store_->reader()).value()->list()->front().state, RunState::Failed);
    std::stop_source stop;
    stop.request_stop();
    const auto stopped = replay(whole, device_, nullptr, facts_, {{}, stop.get_token()}, nullptr);
    EXPECT_EQ(stopped.error().code, ErrorCode::Cancelled);
}

}  // namespace
}  // namespace ternion
