// Writes down what happens in a run, off the hot path.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "backend/backend.h"
#include "measure/energy.h"
#include "measure/sampler.h"
#include "store/run_store.h"

namespace ternion {

struct RecorderOptions {
    bool texts = true;  ///< prompts, answers and token ids go to the store
    std::chrono::milliseconds flush{250};
};

/// Records one run at a time of one device. From its construction on it reads the probes (so that it knows what the idle device
/// uses when a run begins); between `begin` and `end` it keeps the readings and what it is told. Everything is written by a
/// thread of its own several times a second; what goes wrong there (a full disk) is told by `trouble()` and at `end`, and never
/// stops a run. `begin`, `end` and the tellings come from one thread at a time; a telling takes less than a microsecond.
class RunRecorder {
public:
    using Clock = std::chrono::steady_clock;
    /// `store` outlives it.
    RunRecorder(RunStore& store, std::shared_ptr<const DeviceModel> device, const RecorderOptions& options = {},
                const ProbeSources& sources = {});
    ~RunRecorder();  ///< a run that is still open ends as stopped

    /// A run that is open is ended as stopped first. Returns the run's id.
    Result<std::int64_t> begin(RunFacts facts, RunTexts texts);
    bool recording() const { return run_ != 0; }
    std::int64_t run() const { return run_; }

    /// `tokens` of the prompt went through in `seconds`.
    void prefilled(int tokens, double seconds);
    /// The next token of the answer came, `seconds` after the one before.
    void decoded(TokenId token, double seconds);
    /// What the device's buffers take, by category; told when it may have changed.
    void memory(const MemoryUse& use);
    void kernels(bool prefill, const PassTimes& pass);

    /// `more` joins the figures that follow from what was recorded: decode_tok_s, decode_ms_p50, _p90, _p99, prefill_tok_s,
    /// energy_per_token_gross_J and energy_per_token_above_idle_J where a sensor allows it, peak memory.
    Status end(RunState state, std::string error, std::optional<std::string> answer, std::vector<Figure> more = {});
    /// Waits until everything told so far is on disk.
    Status flush();
    /// The newest thing that went wrong, once; nullopt: nothing did since it was asked last.
    std::optional<Error> trouble();

private:
    struct Series;
    struct State;  // what the threads share
    std::int64_t run_ = 0;
    std::unique_ptr<State> state_;
};

}  // namespace ternion
