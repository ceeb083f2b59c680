// A comparison is runs of a store, linked, whatever becomes of its sides.
#include "compare/comparison.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "base/log.h"
#include "runs/replay.h"
#include "store/database.h"
#include "unit/run_store_fixture.h"
#include "unit/small_sides.h"

namespace ternion {
namespace {

namespace fs = std::filesystem;
using Sides = std::vector<std::shared_ptr<DeviceModel>>;

ComparisonPlan comparisonOf(const Sides& sides, int tokens) {
    ComparisonPlan plan;
    for (const auto& side : sides) {
        auto& one = plan.sides.emplace_back();
        one.backend = side->device().id();
        one.modelPath = "/models/small.gguf";
    }
    plan.lockstep = planOf(tokens);
    plan.prompt = "a secret prompt";
    return plan;
}

/// A device under another name, which counts cycles: 1,000 for its first token, one more for each after it.
class ClockedDevice final : public ObservedDevice {
public:
    ClockedDevice(const std::shared_ptr<DeviceModel>& device, DeviceInfo info, PassObserver observer)
        : ObservedDevice(device, std::move(info), std::move(observer)) {}
    std::optional<CycleCounts> lastToken() const override {
        CycleCounts counts;
        counts.total = total_++;
        counts.clockHz = 1e6;
        counts.simulated = true;
        return counts;
    }

private:
    mutable std::uint64_t total_ = 1000;
};

std::shared_ptr<DeviceModel> simulatedBoard(PassObserver observer = [](std::span<const TokenId>) { return std::nullopt; }) {
    DeviceInfo info;
    info.backend = "fpga";
    info.address = "sim";
    info.name = "A simulated board";
    info.software = true;
    return std::make_shared<ClockedDevice>(sideOf(smallModel()), info, std::move(observer));
}

std::shared_ptr<DeviceModel> slowed(const std::shared_ptr<DeviceModel>& device, std::chrono::milliseconds pass) {
    return std::make_shared<ObservedDevice>(device, device->device(), [pass](std::span<const TokenId>) -> std::optional<Error> {
        std::this_thread::sleep_for(pass);
        return std::nullopt;
    });
}

std::string reasonOf(const std::vector<MissingFigure>& missing, const std::string& name) {
    const auto found = std::find_if(missing.begin(), missing.end(), [&](const MissingFigure& one) { return one.name == name; });
    return found == missing.end() ? std::string() : found->reason;
}

/// What was logged while it lives.
class Logged {
public:
    Logged() {
        setLogHook([this](LogLevel, std::string_view message) { (text_ += message) += '\n'; });
    }
    ~Logged() { setLogHook({}); }
    const std::string& text() const { return text_; }

private:
    std::string text_;
};

class ComparisonTest : public RunStoreFixture {
protected:
    ComparisonTest() {
        fs::create_directories(recording_.sources.sys / "class/powercap/intel-rapl:0");
        write("name", "package-0\n");
        write("max_energy_range_uj", "262143328850\n");
        write("energy_uj", "0\n");
    }
    void write(const std::string& name, const std::string& text) const {
        const fs::path file = recording_.sources.sys / "class/powercap/intel-rapl:0" / name;
        std::ofstream(file.string() + ".new") << text;
        fs::rename(file.string() + ".new", file);
    }

    ComparisonReport compared(const Sides& sides, const ComparisonPlan& plan, const LockstepListener& listener = {},
                              const std::stop_token& stop = {}) {
        auto report = recordComparison(sides, plan, listener, stop, store_.get(), recording_);
        EXPECT_TRUE(report.ok()) << report.error().text();
        return std::move(*report);
    }
    std::unique_ptr<RunReader> reader() const { return std::move(store_->reader()).value(); }
    std::int64_t count(const std::string& sql) const { return Database::connect(path_)->number(sql).value(); }

    std::unique_ptr<RunStore> store_ = openedRuns();
    ComparisonRecording recording_{{folder_ / "sys", "/proc", "no-nvml.so"}, {}};
};

TEST_F(ComparisonTest, EqualSidesAreLinkedRunsThatReportExactlyZero) {
    std::vector<std::int64_t> began;
    recording_.began = [&](const std::vector<std::int64_t>& runs) {
        began = runs;
        EXPECT_EQ(reader()->load(runs.at(0))->state, RunState::Running);
    };
    const Sides sides{sideOf(smallModel()), sideOf(smallModel()), sideOf(smallModel())};
    auto plan = comparisonOf(sides, 20);
    plan.lockstep.sampler = {0.8F, 40, 0.9F, 0.0F, 1.0F, 0, 5};
    plan.lockstep.threshold = 0.0;
    plan.lockstep.tensors = {TraceTensor::ForgetGate, TraceTensor::State};
    int steps = 0;
    LockstepListener listener;
    listener.stepped = [&](int, const std::shared_ptr<const SideStep>&) { ++steps; };
    const auto report = compared(sides, plan, listener);
    EXPECT_EQ(steps, 3 * 23) << "the caller is told too";

    const auto read = reader();
    const auto comparisons = read->comparisons().value();
    ASSERT_EQ(comparisons.size(), 1U);
    EXPECT_EQ(comparisons[0].id, report.id);
    ASSERT_EQ(comparisons[0].runs.size(), 3U);
    EXPECT_EQ(comparisons[0].runs, began);
    for (std::size_t k = 0; k < 3; ++k) {
        const auto run = read->load(comparisons[0].runs[k]).value();
        EXPECT_EQ(report.sides[k].run, run.id);
        EXPECT_EQ(run.facts.kind, "compare");
        EXPECT_EQ(run.state, RunState::Finished);
        EXPECT_EQ(run.facts.profile, "fixed");
        EXPECT_EQ(run.facts.model.hash, sides[k]->model().hash());
        EXPECT_EQ(run.facts.model.path, "/models/small.gguf");
        EXPECT_TRUE(run.facts.sweep.starts_with("compare 2")) << run.facts.sweep;
        EXPECT_EQ(run.facts.sweep, read->load(began[0])->facts.sweep);
        EXPECT_EQ(run.figure("decode_tokens")->value, 20);
        EXPECT_EQ(run.figure("prefill_tokens")->value, 3);
        EXPECT_EQ(run.figure("prefill_tok_s"), nullptr);
        EXPECT_NE(reasonOf(run.missing, "prefill_tok_s"), "");
        EXPECT_DOUBLE_EQ(run.figure("decode_ms_p50")->value, 1e3 * *wallSeconds(report, k));
        EXPECT_EQ(report.sides[k].figures.size(), run.figures.size());
        const auto tokens = read->tokens(run.id).value();
        ASSERT_EQ(tokens.size(), 20U);
        for (std::size_t t = 0; t < tokens.size(); ++t) EXPECT_EQ(tokens[t].token, report.result.sides[k].tokens[t + 3]);
        if (k == 0) {
            EXPECT_EQ(run.figure("max_abs"), nullptr);
            continue;
        }
        EXPECT_EQ(run.figure("max_abs")->value, 0.0);
        EXPECT_EQ(run.figure("logits_max_abs")->value, 0.0);
        EXPECT_EQ(run.figure("kl")->value, 0.0);
        EXPECT_EQ(run.figure("top1_agreement")->value, 1.0);
        EXPECT_EQ(run.figure("compared_tokens")->value, 23.0);
    }
    // It can be asked again.
    const auto again = lockstepPlanOf(read->load(began[1])->facts, read->texts(began[1]).value()).value();
    EXPECT_EQ(again.prompt, plan.lockstep.prompt);
    EXPECT_EQ(again.tokens, 20);
    EXPECT_EQ(again.sampler, plan.lockstep.sampler);
    EXPECT_EQ(again.threshold, 0.0);
    EXPECT_EQ(again.tensors, plan.lockstep.tensors);
    EXPECT_EQ(again.feeding, Feeding::FirstSide);
    EXPECT_EQ(again.stopAtDivergence, false);
    EXPECT_EQ(read->texts(began[0])->prompt, "a secret prompt");
    // What was said is with the runs alone.
    EXPECT_EQ(comparisons[0].report.find("secret"), std::string::npos);
    EXPECT_EQ(comparisons[0].report.find("\"ids\""), std::string::npos);
    EXPECT_NE(toJson(report).find("\"ids\""), std::string::npos);
}

TEST_F(ComparisonTest, TwoInOneSecondAreTwoSweeps) {
    for (int k = 0; k < 3; ++k) {
        const Sides sides{sideOf(smallModel()), sideOf(smallModel())};
        compared(sides, comparisonOf(sides, 1));
    }
    EXPECT_EQ(count("SELECT count(DISTINCT sweep) FROM runs"), 3);
    EXPECT_EQ(count("SELECT count(*) FROM comparisons"), 3);
}

TEST_F(ComparisonTest, WithoutTextsNothingSaidIsInTheStore) {
    const Sides sides{sideOf(smallModel()), sideOf(smallModel())};
    auto plan = comparisonOf(sides, 4);
    plan.texts = false;
    const auto report = compared(sides, plan);
    EXPECT_EQ(count("SELECT count(*) FROM run_texts"), 0);
    EXPECT_EQ(count("SELECT count(*) FROM run_tokens WHERE token IS NOT NULL"), 0);
    EXPECT_EQ(count("SELECT count(*) FROM run_tokens"), 8);
    const auto run = reader()->load(report.sides[0].run).value();
    EXPECT_EQ(lockstepPlanOf(run.facts, {}).error().code, ErrorCode::Unsupported);
    RunFacts other = run.facts;
    const RunTexts texts{{}, std::vector<TokenId>{1}, {}};
    EXPECT_TRUE(lockstepPlanOf(other, texts).ok());
    for (const char* bad : {"", "[]", "{}", R"({"tokens":-1,"feeding":"own-text","stop_at_divergence":true,"tensors":[]})",
                            R"({"tokens":1,"feeding":"none","stop_at_divergence":true,"tensors":[]})",
                            R"({"tokens":1,"feeding":"own-text","stop_at_divergence":true,"tensors":["nothing"]})"}) {
        other.settings = bad;
        EXPECT_EQ(lockstepPlanOf(other, texts).error().code, ErrorCode::BadInput) << bad;
    }
    Bundle alone;
    alone.run = run;
    EXPECT_EQ(replay(alone, sides[0], nullptr, run.facts, {}, nullptr).error().code, ErrorCode::Unsupported);
    other.kind = "bench";
    EXPECT_EQ(lockstepPlanOf(other, texts).error().code, ErrorCode::BadInput);
}

TEST_F(ComparisonTest, ASideThatFailsIsARunThatFailed) {
    for (const std::size_t fails : {0U, 1U}) {
        Sides sides{sideOf(smallModel()), sideOf(smallModel())};
        sides[fails] = failing(sides[fails], 5);
        int told = 0;
        LockstepListener listener;
        listener.failed = [&](int side, const Error&) { told += side == static_cast<int>(fails) ? 1 : 100; };
        const auto report = compared(sides, comparisonOf(sides, 10), listener);
        EXPECT_EQ(told, 1);
        const auto broken = reader()->load(report.sides[fails].run).value();
        EXPECT_EQ(broken.state, RunState::Failed);
        EXPECT_EQ(broken.error, "test: pulled out");
        EXPECT_EQ(broken.figure("decode_tokens")->value, 2);
        const auto other = reader()->load(report.sides[1 - fails].run).value();
        EXPECT_EQ(other.state, RunState::Finished);
        EXPECT_EQ(other.figure("decode_tokens")->value, 10);
        EXPECT_EQ(reader()->load(report.sides[1].run)->figure("compared_tokens")->value, 5);
        EXPECT_EQ(reader()->comparisons()->front().runs.size(), 2U);
        EXPECT_NE(reader()->comparisons()->front().report.find("pulled out"), std::string::npos);
        EXPECT_NE(toMarkdown(report).find("ended early: test: pulled out"), std::string::npos);
    }
}

TEST_F(ComparisonTest, AFailureBeforeAnythingWasComparedIsNoEquality) {
    const Sides sides{sideOf(smallModel()), failing(sideOf(smallModel()), 0)};
    const auto report = compared(sides, comparisonOf(sides, 3));
    const auto run = reader()->load(report.sides[1].run).value();
    EXPECT_EQ(run.figure("compared_tokens")->value, 0);
    for (const char* name : {"max_abs", "kl", "top1_agreement", "decode_ms_p50", "energy_per_token"}) {
        EXPECT_EQ(run.figure(name), nullptr) << name;
        EXPECT_NE(reasonOf(run.missing, name), "") << name;
    }
    const std::string json = toJson(report);
    EXPECT_NE(json.find(R"("max_abs":null,"kl":null,"top1_agreement":null)"), std::string::npos) << json;
    EXPECT_EQ(wallSeconds(report, 1), std::nullopt);
    EXPECT_NE(toMarkdown(report).find("No token was compared."), std::string::npos);
}

TEST_F(ComparisonTest, StoppedByTheUserItIsKeptAsStopped) {
    std::stop_source stop;
    LockstepListener listener;
    int steps = 0;
    listener.stepped = [&](int, const std::shared_ptr<const SideStep>&) {
        if (++steps == 12) stop.request_stop();
    };
    const Sides sides{sideOf(smallModel()), sideOf(smallModel())};
    const auto report = compared(sides, comparisonOf(sides, 100000), listener, stop.get_token());
    EXPECT_TRUE(report.result.stopped);
    for (const SideFacts& side : report.sides) {
        EXPECT_EQ(reader()->load(side.run)->state, RunState::Stopped);
    }
    EXPECT_EQ(reader()->comparisons()->size(), 1U);

    // In the rest before it nothing has begun.
    auto plan = comparisonOf(sides, 1);
    plan.restSeconds = 60.0;
    EXPECT_EQ(recordComparison(sides, plan, {}, stop.get_token(), store_.get(), recording_).error().code, ErrorCode::Cancelled);
    EXPECT_EQ(reader()->list()->size(), 2U);
}

TEST_F(ComparisonTest, WhatCannotBeComparedLeavesNothing) {
    const Sides sides{sideOf(smallModel()), sideOf(smallModel())};
    auto plan = comparisonOf(sides, 1);
    plan.lockstep.prompt.clear();
    EXPECT_EQ(recordComparison(sides, plan, {}, {}, store_.get()).error().code, ErrorCode::InvalidArgument);
    plan.lockstep.prompt = {1};
    plan.sides.pop_back();
    EXPECT_EQ(recordComparison(sides, plan, {}, {}, store_.get()).error().code, ErrorCode::InvalidArgument);
    EXPECT_TRUE(reader()->list()->empty());
    EXPECT_TRUE(reader()->comparisons()->empty());
}

TEST_F(ComparisonTest, ASimulatedClockIsModelledAndApartFromWallTime) {
    const Sides sides{sideOf(smallModel()), simulatedBoard()};
    const auto report = compared(sides, comparisonOf(sides, 9));
    const auto run = reader()->load(report.sides[1].run).value();
    ASSERT_NE(run.figure("clock_ms_p50"), nullptr);
    EXPECT_DOUBLE_EQ(run.figure("clock_ms_p50")->value, 1.007);  // the fifth of the nine after three of the prompt
    EXPECT_EQ(run.figure("clock_ms_p50")->source, Source::Modelled);
    EXPECT_EQ(run.figure("decode_ms_p50")->source, Source::Measured);
    EXPECT_DOUBLE_EQ(1e3 * clockSeconds(report, 1)->seconds, 1.007);
    EXPECT_EQ(clockSeconds(report, 1)->source, Source::Modelled);
    EXPECT_EQ(clockSeconds(report, 0), std::nullopt);
    const auto series = reader()->series(run.id).value();
    const auto clock =
        std::find_if(series.begin(), series.end(), [](const SeriesFacts& one) { return one.name == "token_clock"; });
    ASSERT_NE(clock, series.end());
    EXPECT_EQ(reader()->samples(clock->id)->size(), 9U);
    const std::string page = toMarkdown(report);
    EXPECT_NE(page.find("| 1.007 ms | modelled |"), std::string::npos) << page;
    EXPECT_NE(page.find("Side B is simulated"), std::string::npos);
    EXPECT_EQ(page.find("Side A is simulated"), std::string::npos);
    // The simulation takes the processor's power, and so does the other side.
    EXPECT_NE(reasonOf(report.sides[0].missing, "energy_per_token").find("side B"), std::string::npos);
    EXPECT_NE(reasonOf(report.sides[1].missing, "energy_per_token").find("nothing on this machine"), std::string::npos);
}

TEST_F(ComparisonTest, WhatIsModelledOfCountersStandsInForASensor) {
    std::vector<std::uint64_t> asked;
    recording_.modelled = [&](const DeviceModel& device, const CycleCounts& token) -> std::vector<Figure> {
        EXPECT_EQ(device.device().backend, "fpga");
        asked.push_back(token.total);
        return {{"energy_per_token", 0.125, "J", Source::Modelled}};
    };
    const Sides sides{sideOf(smallModel()), simulatedBoard()};
    const auto report = compared(sides, comparisonOf(sides, 9));
    EXPECT_EQ(asked, std::vector<std::uint64_t>{1011});
    ASSERT_NE(report.sides[1].figure("energy_per_token"), nullptr);
    EXPECT_EQ(report.sides[1].figure("energy_per_token")->source, Source::Modelled);
    EXPECT_EQ(report.sides[1].reason("energy_per_token"), "");
    EXPECT_NE(toMarkdown(report).find("0.125 J (modelled) | -"), std::string::npos) << toMarkdown(report);
}

TEST_F(ComparisonTest, EnergyThatIsNotTheSidesAloneIsMissing) {
    // A counter of 20 W, and a side with a sensor of its own beside one that takes three times as long.
    const auto start = std::chrono::steady_clock::now();
    const std::jthread meter([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
            write("energy_uj", std::to_string(std::llround(20e6 * seconds)) + "\n");
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    });
    const auto elsewhere = [](const std::shared_ptr<DeviceModel>& device, std::chrono::milliseconds pass) {
        DeviceInfo info = device->device();
        info.backend = "vulkan";
        info.name = "A graphics card";
        return std::make_shared<ObservedDevice>(device, info, [pass](std::span<const TokenId>) -> std::optional<Error> {
            std::this_thread::sleep_for(pass);
            return std::nullopt;
        });
    };
    using std::chrono::milliseconds;
    const auto processor = [] { return slowed(sideOf(smallModel()), milliseconds(40)); };
    const auto energyOf = [](const ComparisonReport& report) { return report.sides[0].figure("energy_per_token"); };

    Sides sides{processor(), elsewhere(sideOf(smallModel()), milliseconds(20))};
    ComparisonReport alone;
    for (int k = 0; k < 5 && (k == 0 || energyOf(alone) == nullptr); ++k)  // a busy machine may read the sensor too rarely
        alone = compared(sides, comparisonOf(sides, 40));
    ASSERT_NE(energyOf(alone), nullptr) << alone.sides[0].reason("energy_per_token");
    EXPECT_EQ(energyOf(alone)->source, Source::VendorEstimate);
    EXPECT_NEAR(energyOf(alone)->value, 0.8, 0.25);  // 20 W for 40 ms
    EXPECT_NE(toMarkdown(alone).find("J (vendor-estimate)"), std::string::npos) << toMarkdown(alone);

    sides = {processor(), elsewhere(sideOf(smallModel()), milliseconds(120))};
    const auto waits = compared(sides, comparisonOf(sides, 20));
    EXPECT_EQ(energyOf(waits), nullptr);
    EXPECT_NE(waits.sides[0].reason("energy_per_token").find("waited"), std::string::npos);

    sides = {processor(), processor()};
    const auto both = compared(sides, comparisonOf(sides, 40));
    for (const char* name : {"energy_per_token", "energy_per_token_above_idle", "mean_power"}) {
        EXPECT_EQ(both.sides[0].figure(name), nullptr) << name;
        EXPECT_NE(both.sides[0].reason(name).find("side B ran on the same processor"), std::string::npos) << name;
        EXPECT_NE(both.sides[1].reason(name).find("side A ran on the same processor"), std::string::npos) << name;
    }
    EXPECT_NE(toMarkdown(both).find("- Side A, power, energy a token, energy a token above idle: side B ran"),
              std::string::npos)
        << toMarkdown(both);
}

TEST_F(ComparisonTest, WithoutAStoreItHasItsFiguresAndKeepsNothing) {
    const Sides sides{sideOf(smallModel()), sideOf(smallModel())};
    const auto report = recordComparison(sides, comparisonOf(sides, 4), {}, {}, nullptr, recording_).value();
    EXPECT_EQ(report.id, 0);
    EXPECT_EQ(report.sides[0].run, 0);
    EXPECT_NE(report.sides[0].figure("decode_ms_p50"), nullptr);
    EXPECT_NE(report.sides[1].figure("max_abs"), nullptr);
    // Where there is no sensor at all, that is why, not that it would be shared.
    const auto bare =
        recordComparison(sides, comparisonOf(sides, 4), {}, {}, nullptr, {{folder_ / "nothing", "/proc", "no"}, {}, {}});
    for (const char* name : {"energy_per_token", "mean_power"})
        EXPECT_NE(bare->sides[0].reason(name).find("powercap"), std::string::npos);
    EXPECT_EQ(toJson(report).find("\"run\""), std::string::npos);
    EXPECT_TRUE(reader()->list()->empty());
}

TEST_F(ComparisonTest, AStoreThatRefusesIsToldAndStopsNothing) {
    {
        auto database = Database::connect(path_);
        ASSERT_TRUE(database->script("CREATE TRIGGER no BEFORE INSERT ON runs BEGIN SELECT RAISE(ABORT, 'full'); END;").ok());
    }
    const Sides sides{sideOf(smallModel()), sideOf(smallModel())};
    {
        const Logged logged;
        const auto report = compared(sides, comparisonOf(sides, 4));
        EXPECT_EQ(report.result.comparisons[0].compared, 7);
        EXPECT_EQ(report.id, 0);
        EXPECT_EQ(report.sides[0].run, 0);
        EXPECT_NE(logged.text().find("not recorded"), std::string::npos);
    }
    {
        auto database = Database::connect(path_);
        ASSERT_TRUE(database
                        ->script("DROP TRIGGER no; CREATE TRIGGER no BEFORE INSERT ON comparisons BEGIN SELECT RAISE(ABORT, "
                                 "'full'); END;")
                        .ok());
    }
    const Logged logged;
    const auto report = compared(sides, comparisonOf(sides, 4));
    EXPECT_EQ(report.id, 0);
    EXPECT_EQ(reader()->load(report.sides[0].run)->state, RunState::Finished);
    EXPECT_TRUE(reader()->comparisons()->empty());
    EXPECT_NE(logged.text().find("not recorded"), std::string::npos);
}

TEST_F(ComparisonTest, AKilledProgramLeavesInterruptedRunsAndNoComparison) {
    store_.reset();
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    const pid_t child = fork();
    if (child == 0) {
        auto opened = RunStore::open(path_);
        if (!opened) _exit(1);
        const Sides sides{sideOf(smallModel()), sideOf(smallModel())};
        LockstepListener listener;
        int steps = 0;
        listener.stepped = [&](int, const std::shared_ptr<const SideStep>&) {
            if (++steps == 10 && ::write(ends[1], "x", 1) != 1) _exit(1);
        };
        static_cast<void>(recordComparison(sides, comparisonOf(sides, 1 << 24), listener, {}, opened->store.get(), recording_));
        _exit(1);
    }
    char ready = 0;
    ASSERT_EQ(::read(ends[0], &ready, 1), 1);
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    store_ = openedRuns();
    const auto runs = reader()->list().value();
    ASSERT_EQ(runs.size(), 2U);
    for (const RunSummary& run : runs) EXPECT_EQ(run.state, RunState::Interrupted);
    EXPECT_TRUE(reader()->comparisons()->empty());
}

TEST_F(ComparisonTest, SidesAreLoadedByNameAndTheOneThatFailsIsNamed) {
    BackendRegistry registry;
    registry.add(makeCpuBackend({.instructionSet = {}, .threads = 1}));
    const auto model = std::make_shared<const Model>(smallModel());
    ComparisonPlan plan;
    plan.sides = {{"cpu", model, {}, {}, Packing::TwoBit, Profile::Fixed},
                  {"cpu", model, {}, {}, Packing::Dense, Profile::Float}};
    double last = 0.0;
    std::string words;
    const Progress progress{[&](std::string_view what, double fraction) {
                                EXPECT_GE(fraction, last);
                                last = fraction;
                                (words += what) += ';';
                            },
                            {}};
    const auto loaded = loadSides(registry, plan, progress).value();
    ASSERT_EQ(loaded.size(), 2U);
    EXPECT_NE(loaded[0], loaded[1]);
    EXPECT_EQ(loaded[0]->packing(), Packing::TwoBit);
    EXPECT_EQ(loaded[0]->profile(), Profile::Fixed);
    EXPECT_EQ(loaded[1]->profile(), Profile::Float);
    EXPECT_LE(last, 1.0);
    plan.sides[1].backend = "vulkan:7";
    const auto error = loadSides(registry, plan, {}).error();
    EXPECT_NE(error.text().find("side B"), std::string::npos) << error.text();
}

}  // namespace
}  // namespace ternion
