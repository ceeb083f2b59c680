#include "runs/answer_run.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/json_fields.h"
#include "base/log.h"

namespace ternion {
namespace {

constexpr const char* settings = "an answer's settings";
constexpr std::size_t mostStopStrings = 10'000;

void tellTrouble(const Error& error) { log(LogLevel::Warning, "The run is not recorded: " + error.text()); }

}  // namespace

std::string answerSettings(const GenerateOptions& options) {
    return nlohmann::ordered_json{{"stop_strings", options.stopStrings}, {"stop_at_eos", options.stopAtEos}}.dump();
}

Result<GenerateOptions> answerOptions(const RunFacts& facts) {
    GenerateOptions options;
    options.sampler = facts.sampler;
    options.maxTokens = facts.maxTokens;
    TERNION_TRY(const auto parsed, parseJson(facts.settings, settings));
    TERNION_TRY(const auto fields, JsonFields::of(parsed, settings));
    TERNION_CHECK(fields.read("stop_at_eos", options.stopAtEos));
    TERNION_CHECK(fields.forEach("stop_strings", mostStopStrings, [&](const nlohmann::json& text, std::string place) -> Status {
        if (!text.is_string()) return Error{ErrorCode::BadInput, "a text is expected", std::move(place)};
        options.stopStrings.push_back(text);
        return {};
    }));
    return options;
}

AnswerRun::AnswerRun(RunRecorder* recorder, RunFacts facts, const Asked& asked) : recorder_(recorder), texts_(asked.texts) {
    if (recorder_ == nullptr) return;
    facts.sampler = asked.options.sampler;
    facts.maxTokens = asked.options.maxTokens;
    facts.settings = answerSettings(asked.options);
    RunTexts texts;
    if (texts_) texts = {asked.prompt, asked.ids, {}};
    if (const auto run = recorder_->begin(facts, texts); !run) {
        tellTrouble(run.error());
        recorder_ = nullptr;
    }
}

AnswerRun::~AnswerRun() {
    if (recorder_ != nullptr) static_cast<void>(recorder_->end({RunState::Stopped}));
}

void AnswerRun::prefilled(int tokens, double seconds) {
    if (recorder_ != nullptr && tokens > 0) recorder_->prefilled(tokens, seconds);
}

Status AnswerRun::prefill(Session& session, std::span<const TokenId> ids, const std::stop_token& stop) {
    const auto had = session.tokens();
    const bool continues = had.size() < ids.size() && std::equal(had.begin(), had.end(), ids.begin());
    const std::size_t fresh = ids.size() - (continues ? had.size() : 0);
    const auto start = std::chrono::steady_clock::now();
    if (const auto read = session.prefill(ids, stop); !read) {
        end(read.error(), session.device());
        return read.error();
    }
    prefilled(static_cast<int>(fresh), std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    return {};
}

void AnswerRun::begins() {
    if (recorder_ != nullptr) clock_.emplace([this](TokenId token, double seconds) { recorder_->decoded(token, seconds); });
}

void AnswerRun::came(const GeneratedToken& token) {
    if (clock_) clock_->came(token);
}

void AnswerRun::end(const Result<GenerateResult>& result, DeviceModel& device) {
    if (recorder_ == nullptr) return;
    if (clock_) clock_->share();
    recorder_->memory(device.memory());
    RunRecorder::Outcome outcome;
    if (!result) {
        outcome.state = result.error().code == ErrorCode::Cancelled ? RunState::Stopped : RunState::Failed;
        outcome.error = result.error().text();
    } else {
        if (result->reason == StopReason::Stopped) outcome.state = RunState::Stopped;
        if (texts_) outcome.answer = result->text;
        if (const auto times = device.timeKernels(1)) recorder_->kernels(false, *times);
        outcome.figures.push_back({"weight_bytes_per_token", static_cast<double>(device.memory().perToken), "B"});
    }
    if (const auto ended = recorder_->end(outcome); !ended) tellTrouble(ended.error());
    if (const auto trouble = recorder_->trouble()) tellTrouble(*trouble);
    recorder_ = nullptr;
}

}  // namespace ternion
