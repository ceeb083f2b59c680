#include "compare/comparison.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/json_fields.h"
#include "base/log.h"
#include "base/rest.h"
#include "runs/run_facts.h"
#include "runs/run_recorder.h"
#include "store/database.h"
#include "store/run_reader.h"
#include "store/utc_time.h"

namespace ternion {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr const char* settingsName = "a comparison's settings";
constexpr std::int64_t milliseconds = 1000;
/// Of its time that a side may wait for others, if a token's energy is to be the token's.
constexpr double mostWaiting = 0.1;

void tellTrouble(const Error& error) { log(LogLevel::Warning, "The comparison is not recorded: " + error.text()); }

std::string letterOf(std::size_t side) { return {static_cast<char>('A' + side)}; }

/// Of each side; a model is hashed once.
std::vector<std::string> hashesOf(const std::vector<std::shared_ptr<DeviceModel>>& sides, const ComparisonPlan& plan) {
    std::map<const Model*, std::string> known;
    for (std::size_t k = 0; k < sides.size(); ++k)
        if (!plan.sides[k].modelHash.empty()) known[&sides[k]->model()] = plan.sides[k].modelHash;
    std::vector<std::string> hashes;
    hashes.reserve(sides.size());
    for (const auto& side : sides) {
        std::string& hash = known[&side->model()];
        if (hash.empty()) hash = side->model().hash();
        hashes.push_back(hash);
    }
    return hashes;
}

std::string settingsOf(const ComparisonReport& report, std::size_t side) {
    const LockstepPlan& plan = report.plan;
    Json sides = Json::array(), tensors = Json::array();
    for (const SideFacts& facts : report.sides)
        sides.push_back({{"backend", facts.device.id()},
                         {"model_hash", facts.modelHash},
                         {"packing", nameOf(facts.packing)},
                         {"profile", nameOf(facts.profile)}});
    for (const TraceTensor tensor : plan.tensors) tensors.push_back(nameOf(tensor));
    Json json{{"side", side},
              {"sides", std::move(sides)},
              {"prompt_tokens", plan.prompt.size()},
              {"tokens", plan.tokens},
              {"feeding", nameOf(plan.feeding)},
              {"tensors", std::move(tensors)},
              {"stop_at_divergence", plan.stopAtDivergence}};
    if (plan.threshold) json["threshold"] = *plan.threshold;
    return json.dump();
}

/// What takes a side's power: the same text, the same sensor. A simulated board has a sensor of its own, if any, but computes
/// on the host's processor.
std::string sensorOf(const DeviceInfo& device) { return device.backend == "cpu" || device.software ? "cpu" : device.id(); }
bool usesProcessorsSensor(const DeviceInfo& device) {
    return device.backend == "cpu" || (device.software && device.backend != "fpga");
}

/// Why the sensor of `side` tells more than what that side takes; empty: it does not.
std::string sharedSensor(const std::vector<SideFacts>& sides, std::size_t side) {
    const DeviceInfo& device = sides[side].device;
    if (device.software && !usesProcessorsSensor(device)) return {};
    for (std::size_t other = 0; other < sides.size(); ++other)
        if (other != side && sensorOf(sides[other].device) == sensorOf(device))
            return "side " + letterOf(other) +
                   " computed on the same device at the same time, and its sensor tells both together; `bench` measures one "
                   "alone";
    return {};
}

/// One side as a run. Where the store refuses, it does nothing any more.
class SideRun {
public:
    SideRun(RunStore& store, const std::shared_ptr<const DeviceModel>& device, const ProbeSources& sources)
        : recorder_(std::make_unique<RunRecorder>(store, device, sources)) {}

    void begin(const RunFacts& facts, const RunTexts& texts, std::size_t promptTokens) {
        promptTokens_ = promptTokens;
        if (const auto begun = recorder_->begin(facts, texts); !begun) {
            tellTrouble(begun.error());
            recorder_.reset();
        }
    }
    std::int64_t id() const { return recorder_ ? recorder_->lastRun() : 0; }

    void stepped(const SideStep& step) {
        if (!recorder_) return;
        if (step.memory.total() != memory_) {
            memory_ = step.memory.total();
            recorder_->memory(step.memory);
        }
        if (static_cast<std::size_t>(step.position) < promptTokens_) {
            recorder_->prefilled(1, step.seconds);
            return;
        }
        recorder_->decoded(step.token, step.seconds);
        if (step.cycles) recorder_->clocked(*step.cycles);
        last_ = Clock::now();
        if (busy_ == 0.0)
            first_ = last_ - std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(step.seconds));
        busy_ += step.seconds;
    }

    void end(RunRecorder::Outcome outcome, const std::string& sharedSensor) {
        if (!recorder_ || recorder_->run() == 0) return;
        addMissing(outcome, sharedSensor);
        if (const auto ended = recorder_->end(outcome); !ended) tellTrouble(ended.error());
        if (const auto trouble = recorder_->trouble()) tellTrouble(*trouble);
    }

private:
    void addMissing(RunRecorder::Outcome& outcome, const std::string& sharedSensor) const {
        const auto missing = [&](const char* name, const std::string& reason) { outcome.missing.push_back({name, reason}); };
        missing("prefill_tok_s", "the prompt was fed token by token, as the lock-step takes it; `bench` measures prefill");
        if (busy_ == 0.0) {
            for (const char* name : {"decode_ms_p50", "energy_per_token", "energy_per_token_above_idle"})
                missing(name, "no token came after the prompt");
            return;
        }
        if (!sharedSensor.empty()) {
            for (const char* name : {"energy_per_token", "energy_per_token_above_idle", "mean_power"})
                missing(name, sharedSensor);
            return;
        }
        const double waited = 1.0 - busy_ / std::chrono::duration<double>(last_ - first_).count();
        if (waited > mostWaiting)
            missing("energy_per_token", "this side waited for the others " + std::to_string(std::lround(100.0 * waited)) +
                                            " % of the time, and its sensor tells that too; `bench` measures it alone");
    }

    std::unique_ptr<RunRecorder> recorder_;
    std::size_t promptTokens_ = 0;
    std::uint64_t memory_ = 0;
    double busy_ = 0.0;  // seconds in tokens after the prompt
    Clock::time_point first_, last_;
};

/// What a side's difference to the first comes to.
void addDifferences(const ComparisonSummary& summary, RunRecorder::Outcome& outcome) {
    outcome.figures.push_back({"compared_tokens", static_cast<double>(summary.compared), "1"});
    const auto add = [&](const char* name, double value, const char* unit) {
        if (summary.compared == 0)
            outcome.missing.push_back({name, "no token was compared"});
        else if (!std::isfinite(value))
            outcome.missing.push_back({name, "it is infinite: a side computed what is no number"});
        else
            outcome.figures.push_back({name, value, unit});
    };
    add("max_abs", static_cast<double>(summary.maxAbs()), "1");
    add("logits_max_abs", static_cast<double>(summary.logitsMaxAbs), "1");
    add("kl", summary.meanKl, "nat");
    add("top1_agreement", summary.top1Agreement(), "1");
}

/// A name that no other comparison has.
Result<std::string> nameOfComparison(const RunStore& store, std::int64_t startedAt) {
    TERNION_TRY(const auto reader, store.reader());
    const std::string first = "compare " + utcTime(startedAt / milliseconds, "%Y-%m-%d %H:%M:%S");
    std::string name = first;
    for (int n = 2;; ++n) {
        TERNION_TRY(const auto taken, reader->database().number("SELECT count(*) FROM runs WHERE sweep = ?", {name}));
        if (taken == 0) return name;
        name = first + " (" + std::to_string(n) + ")";
    }
}

/// All sides as runs of one store.
class RecordedSides {
public:
    RecordedSides(RunStore& store, bool kept) : store_(store), kept_(kept) {}

    void watch(const std::vector<std::shared_ptr<DeviceModel>>& sides, const ProbeSources& sources) {
        for (const auto& side : sides) runs_.emplace_back(store_, side, sources);
    }
    void begin(const std::vector<std::shared_ptr<DeviceModel>>& sides, const ComparisonPlan& plan, ComparisonReport& report) {
        startedAt_ = utcMilliseconds();
        std::string sweep;
        if (auto name = nameOfComparison(store_, startedAt_))
            sweep = *std::move(name);
        else
            tellTrouble(name.error());
        for (std::size_t k = 0; k < runs_.size(); ++k) {
            RunFacts facts = factsOf("compare", *sides[k], report.sides[k].modelHash, plan.sides[k].modelPath);
            facts.sampler = plan.lockstep.sampler;
            facts.maxTokens = plan.lockstep.tokens;
            facts.sweep = sweep;
            facts.settings = settingsOf(report, k);
            RunTexts texts;
            if (plan.texts && kept_) {
                texts.promptIds = plan.lockstep.prompt;
                if (!plan.prompt.empty()) texts.prompt = plan.prompt;
            }
            runs_[k].begin(facts, texts, plan.lockstep.prompt.size());
            if (kept_) report.sides[k].run = runs_[k].id();
        }
    }
    void stepped(int side, const SideStep& step) { runs_[static_cast<std::size_t>(side)].stepped(step); }
    /// Once for each; what comes after that is ignored.
    void end(std::size_t side, const RunRecorder::Outcome& outcome, const ComparisonReport& report) {
        runs_[side].end(outcome, sharedSensor(report.sides, side));
    }
    /// After all have ended: what the runs say of themselves, and the comparison in the store.
    void finish(ComparisonReport& report) {
        if (const auto read = readBack(report); !read) tellTrouble(read.error());
        std::vector<std::int64_t> runs;
        runs.reserve(report.sides.size());
        for (const SideFacts& side : report.sides) runs.push_back(side.run);
        if (!kept_ || std::all_of(runs.begin(), runs.end(), [](std::int64_t run) { return run == 0; })) return;
        const auto id = store_.addComparison({0, startedAt_, std::move(runs), toJson(withoutTexts(report))});
        if (id)
            report.id = *id;
        else
            tellTrouble(id.error());
    }

private:
    Status readBack(ComparisonReport& report) const {
        TERNION_TRY(const auto reader, store_.reader());
        for (std::size_t k = 0; k < runs_.size(); ++k) {
            if (runs_[k].id() == 0) continue;
            TERNION_TRY(auto run, reader->load(runs_[k].id()));
            report.sides[k].figures = std::move(run.figures);
            report.sides[k].missing = std::move(run.missing);
        }
        return {};
    }
    /// What was said is with the runs, and goes with them.
    static ComparisonReport withoutTexts(ComparisonReport report) {
        report.prompt.clear();
        for (SideResult& side : report.result.sides) side.tokens.clear();
        return report;
    }

    RunStore& store_;
    bool kept_;
    std::int64_t startedAt_ = 0;
    std::deque<SideRun> runs_;
};

RunRecorder::Outcome failed(const Error& error) { return {RunState::Failed, error.text()}; }

}  // namespace

Result<std::vector<std::shared_ptr<DeviceModel>>> loadSides(const BackendRegistry& registry, const ComparisonPlan& plan,
                                                            const Progress& progress) {
    std::vector<std::shared_ptr<DeviceModel>> sides;
    const auto all = static_cast<double>(plan.sides.size());
    for (const ComparisonSide& side : plan.sides) {
        const std::string name = "side " + letterOf(sides.size());
        const Progress part{[&](std::string_view what, double fraction) {
                                progress.tell(std::string(what) + ", " + name,
                                              (static_cast<double>(sides.size()) + fraction) / all);
                            },
                            progress.stop};
        auto device = registry.load(side.backend, side.model, part, {side.packing, side.profile});
        if (!device) {
            Error error = device.error();
            error.context = name + (error.context.empty() ? "" : ", " + error.context);
            return error;
        }
        sides.push_back(*std::move(device));
    }
    return sides;
}

Result<ComparisonReport> recordComparison(const std::vector<std::shared_ptr<DeviceModel>>& sides, const ComparisonPlan& plan,
                                          const LockstepListener& listener, const std::stop_token& stop, RunStore* store,
                                          const ComparisonRecording& recording) {
    if (plan.sides.size() != sides.size())
        return Error{ErrorCode::InvalidArgument, "there are not as many devices as sides", {}};
    TERNION_CHECK(checkLockstep(sides, plan.lockstep));
    ComparisonReport report;
    report.plan = plan.lockstep;
    report.prompt = plan.prompt;
    report.program = "ternion " TERNION_VERSION;
    const auto hashes = hashesOf(sides, plan);
    for (std::size_t k = 0; k < sides.size(); ++k) report.sides.push_back(SideFacts::of(*sides[k], hashes[k]));

    RunStore::Opened temporary;
    if (store == nullptr) {
        if (auto opened = RunStore::open({}))
            temporary = *std::move(opened);
        else
            tellTrouble(opened.error());
    }
    std::optional<RecordedSides> recorded;
    if (RunStore* const used = store != nullptr ? store : temporary.store.get()) recorded.emplace(*used, store != nullptr);
    if (recorded) recorded->watch(sides, recording.sources);
    if (plan.restSeconds > 0.0) TERNION_CHECK(rest(plan.restSeconds, stop));
    if (recorded) recorded->begin(sides, plan, report);
    if (recording.began) {
        std::vector<std::int64_t> runs;
        runs.reserve(report.sides.size());
        for (const SideFacts& side : report.sides) runs.push_back(side.run);
        recording.began(runs);
    }

    LockstepListener both = listener;
    both.stepped = [&](int side, const std::shared_ptr<const SideStep>& step) {
        if (recorded) recorded->stepped(side, *step);
        if (listener.stepped) listener.stepped(side, step);
    };
    auto result = runLockstep(sides, plan.lockstep, both, stop);
    report.date = utcTime(utcMilliseconds() / milliseconds, "%Y-%m-%d %H:%M UTC");
    if (!result) {
        for (std::size_t k = 0; recorded && k < sides.size(); ++k) recorded->end(k, failed(result.error()), report);
        return result.error();
    }
    report.result = *std::move(result);
    if (!recorded) return report;
    for (std::size_t k = 0; k < sides.size(); ++k) {
        const SideResult& side = report.result.sides[k];
        RunRecorder::Outcome outcome;
        if (side.error)
            outcome = failed(*side.error);
        else if (report.result.stopped)
            outcome.state = RunState::Stopped;
        if (k > 0) addDifferences(report.result.comparisons[k - 1], outcome);
        recorded->end(k, outcome, report);
    }
    recorded->finish(report);
    return report;
}

Result<LockstepPlan> lockstepPlanOf(const RunFacts& facts, const RunTexts& texts) {
    if (facts.kind != "compare") return Error{ErrorCode::BadInput, "it is no side of a comparison", {}};
    if (!texts.promptIds) return Error{ErrorCode::Unsupported, "it cannot be made again: its prompt is not recorded", {}};
    TERNION_TRY(const auto parsed, parseJson(facts.settings, settingsName));
    TERNION_TRY(const auto fields, JsonFields::of(parsed, settingsName));
    LockstepPlan plan;
    plan.prompt = *texts.promptIds;
    plan.sampler = facts.sampler;
    TERNION_CHECK(fields.read("tokens", plan.tokens, 0));
    std::string feeding;
    TERNION_CHECK(fields.read("feeding", feeding));
    if (feeding != nameOf(Feeding::FirstSide) && feeding != nameOf(Feeding::OwnText))
        return fields.bad("feeding", "first-side or own-text");
    plan.feeding = feeding == nameOf(Feeding::OwnText) ? Feeding::OwnText : Feeding::FirstSide;
    TERNION_CHECK(fields.read("stop_at_divergence", plan.stopAtDivergence));
    if (fields.has("threshold")) TERNION_CHECK(fields.read("threshold", plan.threshold.emplace()));
    TERNION_CHECK(fields.forEach("tensors", traceTensors, [&](const nlohmann::json& name, std::string place) -> Status {
        const auto tensor = name.is_string() ? tensorNamed(name.get_ref<const std::string&>()) : std::nullopt;
        if (!tensor) return Error{ErrorCode::BadInput, "there is no such intermediate", std::move(place)};
        plan.tensors.push_back(*tensor);
        return {};
    }));
    return plan;
}

}  // namespace ternion
