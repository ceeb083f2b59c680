// One answer of a model as a run: what is written down while Session::generate works.
#pragma once

#include <optional>
#include <span>
#include <stop_token>
#include <string>

#include "engine/session.h"
#include "runs/run_recorder.h"
#include "runs/token_clock.h"

namespace ternion {

/// What Session::generate was asked, but for the sampler and the length, which a run keeps apart.
std::string answerSettings(const GenerateOptions& options);
/// BadInput for what is no such text. Alternatives and the stop token are not in it.
Result<GenerateOptions> answerOptions(const RunFacts& facts);

/// Records from construction to end(). Where there is no recorder, or the store refuses, it does nothing: an answer never fails
/// because of its record. Troubles go to log(). The engine's thread.
class AnswerRun {
public:
    struct Asked {
        std::vector<TokenId> ids;  ///< all that stands before the answer
        std::string prompt;        ///< the same as text
        GenerateOptions options;
        bool texts = true;  ///< texts and token ids are recorded
    };
    AnswerRun(RunRecorder* recorder, RunFacts facts, const Asked& asked);
    ~AnswerRun();  ///< without end(): stopped
    AnswerRun(const AnswerRun&) = delete;
    AnswerRun& operator=(const AnswerRun&) = delete;

    void prefilled(int tokens, double seconds);
    /// session.prefill(ids, stop), and what it took of those that the session did not have yet. Where it fails, the run ends.
    Status prefill(Session& session, std::span<const TokenId> ids, const std::stop_token& stop);
    void begins();  ///< generate() is called next
    void came(const GeneratedToken& token);
    /// Times each kernel of one pass of `device`, where it can, and ends the run.
    void end(const Result<GenerateResult>& result, DeviceModel& device);

private:
    RunRecorder* recorder_;  // null: nothing is recorded (any more)
    bool texts_;
    std::optional<TokenClock> clock_;
};

}  // namespace ternion
