// A run that somebody recorded, run again: is the result the same, and what of the circumstances is not?
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/progress.h"
#include "runs/run_bundle.h"
#include "tokenizer/tokenizer.h"

namespace ternion {

class RunRecorder;

/// One line of what a replay found different.
struct ReplayDifference {
    enum class Kind : std::uint8_t {
        Circumstance,  ///< of model, device, program or settings
        Result,        ///< of what came out: the same bits were expected
        Figure,        ///< of what was measured: times are never the same twice
    };
    std::string what;  ///< "model hash", "driver", "shaders", "token 17", "decode_tok_s", ...
    std::string before, now;
    Kind kind = Kind::Circumstance;
};
std::string_view nameOf(ReplayDifference::Kind kind);  ///< "circumstance", "result", "figure"

struct Replay {
    RunSummary run;               ///< with its id where it was recorded, else 0
    std::vector<TokenId> tokens;  ///< of the answer; a benchmark tells none
    std::string text;             ///< empty without a tokenizer
    int compared = 0;             ///< how many tokens of both could be compared
    std::vector<ReplayDifference> differences;
    bool same() const;  ///< no difference of the result
};

/// Everything that differs between a bundle's run and the run that repeated it (with its tokens): of the tokens the first, and
/// their number. Of a run that was stopped only what there was is compared.
std::vector<ReplayDifference> differences(const Bundle& bundle, const RunSummary& now, const std::vector<TokenId>& tokens);

/// Runs it again on `device`: an answer from its prompt's ids with its sampler and edits, as far as it had come where it was
/// stopped; a benchmark by its plan. It is a run of kind "replay" in the recorder's store; with none, in one that is gone
/// afterwards. `facts` is what factsOf("replay", ...) says of the device. Unsupported for a run whose texts are not recorded;
/// BadInput for settings that are none; Cancelled, and what a device fails with.
Result<Replay> replay(const Bundle& bundle, const std::shared_ptr<DeviceModel>& device,
                      const std::shared_ptr<const Tokenizer>& tokenizer, const RunFacts& facts, const Progress& progress,
                      RunRecorder* recorder);

}  // namespace ternion
