#include "runs/replay.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "engine/session.h"
#include "runs/answer_run.h"
#include "runs/benchmark.h"
#include "runs/run_recorder.h"

namespace ternion {
namespace {

using Kind = ReplayDifference::Kind;

/// A bundle may ask for anything; this much is room for every benchmark that makes sense.
constexpr int mostTokens = 1 << 24;

template <class Number>
std::string textOf(Number value) {
    std::array<char, 32> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    return {digits.data(), end};
}

std::string textOf(const std::vector<Edit>& edits) {
    if (edits.empty()) return "none";
    std::string text;
    for (const Edit& edit : edits) text += (text.empty() ? "" : "; ") + describe(edit);
    return text;
}

/// A figure as it is shown: its value, unit and source, or why there is none.
std::string textOf(const RunSummary& run, const std::string& name) {
    if (const Figure* figure = run.figure(name)) {
        std::string text = textOf(figure->value);
        if (figure->unit != "1") text += " " + figure->unit;
        if (figure->source != Source::Measured) text += " (" + std::string(nameOf(figure->source)) + ")";
        return text;
    }
    for (const auto& [missing, reason] : run.missing)
        if (missing == name) return "missing: " + reason;
    return "missing: not recorded";
}

class Differences {
public:
    void add(Kind kind, const std::string& what, const std::string& before, const std::string& now) {
        if (before != now) all_.push_back({what, before, now, kind});
    }
    std::vector<ReplayDifference> take() { return std::move(all_); }

private:
    std::vector<ReplayDifference> all_;
};

void compareFacts(Differences& found, const RunFacts& before, const RunFacts& now) {
    const auto add = [&](const char* what, const std::string& a, const std::string& b) {
        found.add(Kind::Circumstance, what, a, b);
    };
    add("model hash", before.model.hash, now.model.hash);
    add("backend", before.device.backend, now.device.backend);
    add("device", before.device.name, now.device.name);
    add("driver", before.device.driver, now.device.driver);
    add("packing", before.packing, now.packing);
    add("profile", before.profile, now.profile);
    add("program", before.program, now.program);
    add("shaders", before.shaderHash, now.shaderHash);
    const SamplerSettings &a = before.sampler, &b = now.sampler;
    add("temperature", textOf(a.temperature), textOf(b.temperature));
    add("top-k", textOf(a.topK), textOf(b.topK));
    add("top-p", textOf(a.topP), textOf(b.topP));
    add("min-p", textOf(a.minP), textOf(b.minP));
    add("repetition penalty", textOf(a.repetitionPenalty), textOf(b.repetitionPenalty));
    add("repetition window", textOf(a.repetitionWindow), textOf(b.repetitionWindow));
    add("seed", textOf(a.seed), textOf(b.seed));
    add("most tokens", textOf(before.maxTokens), textOf(now.maxTokens));
    add("settings", before.settings, now.settings);
    add("intervention", textOf(before.intervention), textOf(now.intervention));
}

bool wasCutShort(RunState state) { return state == RunState::Stopped || state == RunState::Interrupted; }

/// The tokens that the bundle has, if it tells which they are.
std::vector<TokenId> tokensOf(const Bundle& bundle) {
    std::vector<TokenId> tokens;
    tokens.reserve(bundle.tokens.size());
    for (const TokenRecord& token : bundle.tokens)
        if (token.token >= 0) tokens.push_back(token.token);
    return tokens;
}

bool isAnswer(const Bundle& bundle) { return bundle.texts.promptIds && !bundle.texts.promptIds->empty(); }

Result<GenerateOptions> answerAsked(const Bundle& bundle, const std::stop_token& stop) {
    TERNION_TRY(auto options, answerOptions(bundle.run.facts));
    options.stop = stop;
    if (wasCutShort(bundle.run.state)) options.maxTokens = std::min(options.maxTokens, static_cast<int>(bundle.tokens.size()));
    return options;
}

Status answerAgain(const Bundle& bundle, const std::shared_ptr<DeviceModel>& device,
                   const std::shared_ptr<const Tokenizer>& tokenizer, RunFacts facts, const Progress& progress,
                   RunRecorder& recorder, Replay& replay) {
    AnswerRun::Asked asked;
    TERNION_TRY(asked.options, answerAsked(bundle, progress.stop));
    asked.ids = *bundle.texts.promptIds;
    asked.prompt = bundle.texts.prompt.value_or(std::string());
    facts.intervention = bundle.run.facts.intervention;
    TERNION_TRY(const auto session, Session::create(device, tokenizer));
    TERNION_CHECK(session->setIntervention(facts.intervention));
    AnswerRun run(&recorder, facts, asked);
    replay.run.id = recorder.run();
    progress.tell("Reading the prompt", 0.0);
    TERNION_CHECK(run.prefill(*session, asked.ids, progress.stop));
    run.begins();
    const auto result = session->generate(asked.options, [&](const GeneratedToken& token) {
        run.came(token);
        replay.tokens.push_back(token.sampled.id);
        progress.tell("Writing", double(replay.tokens.size()) / double(asked.options.maxTokens));
        return true;
    });
    run.end(result, *device);
    if (!result) return result.error();
    if (result->reason == StopReason::Stopped) return Error{ErrorCode::Cancelled, "stopped", {}};
    progress.tell("Written", 1.0);
    replay.text = result->text;
    return {};
}

Status benchmarkAgain(const Bundle& bundle, const std::shared_ptr<DeviceModel>& device, const RunFacts& facts,
                      const Progress& progress, RunRecorder& recorder, Replay& replay) {
    auto plan = BenchmarkPlan::fromJson(bundle.run.facts.settings);
    if (!plan)
        return Error{
            ErrorCode::Unsupported, "it cannot be run again: its prompt is not recorded; export it with its texts", {}};
    if (plan->promptTokens > mostTokens || plan->tokens > mostTokens)
        return Error{ErrorCode::Unsupported, "its benchmark takes more than " + std::to_string(mostTokens) + " tokens", {}};
    plan->sampler = bundle.run.facts.sampler;
    TERNION_TRY([[maybe_unused]] const auto result, recordBenchmark(device, *plan, facts, progress, recorder));
    replay.run.id = recorder.lastRun();
    return {};
}

Result<Replay> replayWith(const Bundle& bundle, const std::shared_ptr<DeviceModel>& device,
                          const std::shared_ptr<const Tokenizer>& tokenizer, RunFacts facts, const Progress& progress,
                          RunRecorder& recorder) {
    facts.kind = "replay";
    Replay replay;
    TERNION_CHECK(isAnswer(bundle) ? answerAgain(bundle, device, tokenizer, facts, progress, recorder, replay)
                                   : benchmarkAgain(bundle, device, facts, progress, recorder, replay));
    if (replay.run.id == 0)
        return Error{ErrorCode::Io, "it ran, but could not be recorded, so that there is nothing to compare", {}};
    TERNION_TRY(const auto reader, recorder.store().reader());
    TERNION_TRY(replay.run, reader->load(replay.run.id));
    replay.compared = static_cast<int>(std::min(tokensOf(bundle).size(), replay.tokens.size()));
    replay.differences = differences(bundle, replay.run, replay.tokens);
    return replay;
}

}  // namespace

std::string_view nameOf(ReplayDifference::Kind kind) {
    return kind == Kind::Circumstance ? "circumstance" : kind == Kind::Result ? "result" : "figure";
}

bool Replay::same() const {
    return std::none_of(differences.begin(), differences.end(),
                        [](const ReplayDifference& one) { return one.kind == Kind::Result; });
}

std::vector<ReplayDifference> differences(const Bundle& bundle, const RunSummary& now, const std::vector<TokenId>& tokens) {
    Differences found;
    compareFacts(found, bundle.run.facts, now.facts);
    const auto before = tokensOf(bundle);
    const auto [ours, theirs] = std::mismatch(before.begin(), before.end(), tokens.begin(), tokens.end());
    if (ours != before.end() && theirs != tokens.end())
        found.add(Kind::Result, "token " + std::to_string(ours - before.begin()), textOf(*ours), textOf(*theirs));
    const bool cutShort = wasCutShort(bundle.run.state);
    if (!before.empty() && !(cutShort && tokens.size() > before.size()))
        found.add(Kind::Result, "number of tokens", textOf(before.size()), textOf(tokens.size()));
    if (!cutShort) found.add(Kind::Result, "end", std::string(nameOf(bundle.run.state)), std::string(nameOf(now.state)));
    std::vector<std::string> names;
    for (const RunSummary* run : {&bundle.run, &now}) {
        for (const Figure& figure : run->figures) names.push_back(figure.name);
        for (const MissingFigure& missing : run->missing) names.push_back(missing.name);
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    for (const std::string& name : names) found.add(Kind::Figure, name, textOf(bundle.run, name), textOf(now, name));
    return found.take();
}

Result<Replay> replay(const Bundle& bundle, const std::shared_ptr<DeviceModel>& device,
                      const std::shared_ptr<const Tokenizer>& tokenizer, const RunFacts& facts, const Progress& progress,
                      RunRecorder* recorder) {
    if (bundle.run.facts.kind == "compare")
        return Error{ErrorCode::Unsupported, "a side of a comparison is run again beside the others: compare them again", {}};
    if (recorder != nullptr) return replayWith(bundle, device, tokenizer, facts, progress, *recorder);
    TERNION_TRY(const auto opened, RunStore::open({}));
    RunRecorder own(*opened.store, device);
    auto result = replayWith(bundle, device, tokenizer, facts, progress, own);
    if (result) result->run.id = 0;
    return result;
}

}  // namespace ternion
