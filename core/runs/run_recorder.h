// Writes down what happens in a run, off the hot path.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "measure/probes.h"
#include "store/run_store.h"

namespace ternion {

/// Records one run at a time of one device. From its construction on it reads the probes, so that it knows what the idle device
/// uses when a run begins; between `begin` and `end` it keeps the readings and what it is told. Everything is written by a
/// thread of its own, `flush` apart; what goes wrong there (a full disk) is tried again, told by `trouble()`, and never stops a
/// run. All calls come from one thread at a time; the tellings take less than a microsecond.
class RunRecorder {
public:
    using Clock = std::chrono::steady_clock;
    /// `store` outlives it.
    RunRecorder(RunStore& store, const std::shared_ptr<const DeviceModel>& device, const ProbeSources& sources = {},
                std::chrono::milliseconds flush = std::chrono::milliseconds(250));
    ~RunRecorder();  ///< a run that is still open ends as stopped

    /// A run that is open ends as stopped first. Token ids are recorded where there are texts. Returns the run's id.
    Result<std::int64_t> begin(const RunFacts& facts, const RunTexts& texts = {});
    std::int64_t run() const;      ///< that is open; 0: none
    std::int64_t lastRun() const;  ///< the one that was begun last, open or not; 0: none
    const RunStore& store() const;

    // The tellings: ignored while no run is open.
    /// `tokens` of the prompt went through in `seconds`.
    void prefilled(int tokens, double seconds);
    /// The next token of the answer has come, `seconds` after the one before.
    void decoded(TokenId token, double seconds);
    /// What the device's own clock says of a token, where it counts cycles: the series "token_clock", modelled where the clock
    /// is.
    void clocked(const CycleCounts& cycles);
    /// What the device's buffers take, by category; told when it may have changed.
    void memory(const MemoryUse& use);
    void kernels(bool prefill, const PassTimes& pass);

    struct Outcome {
        RunState state = RunState::Finished;
        std::string error = {};
        std::optional<std::string> answer = {};   ///< nullopt: not recorded
        std::vector<Figure> figures = {};         ///< these replace what follows from what was told
        std::vector<MissingFigure> missing = {};  ///< these too: such a figure would not be true
    };
    /// Figures that follow from what was told: decode_tok_s, decode_ms_p50, _p90, _p99, prefill_tok_s, decode_tokens,
    /// clock_ms_p50, peak_device_bytes, peak_host_bytes, and where a sensor allows it energy_per_token and
    /// energy_per_token_above_idle (J, of decode), mean_power (W) and idle_power (W); where none does, why.
    Status end(const Outcome& outcome);
    /// The newest thing that went wrong with writing, once; nullopt: nothing since it was asked last.
    std::optional<Error> trouble();

private:
    class Writer;
    std::unique_ptr<Writer> writer_;
};

}  // namespace ternion
