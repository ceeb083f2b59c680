// Runs of known numbers in a store, and the window with some panels over them.
#pragma once

#include "inspect_window.h"
#include "runs/run_book.h"

namespace ternion::app {

struct KnownRun {
    std::string kind = "bench";
    std::string model = "ternary-49m";
    std::string device = "Some CPU";
    std::string backend = "cpu";
    std::string packing = "2bit";
    std::vector<double> latencies = {};  ///< seconds
    std::vector<Figure> figures = {};
    RunState state = RunState::Finished;
    std::string error = {};
    std::string missing = {};  ///< why power and energy were not measured; empty: nobody asked for them
    RunTexts texts = {};
};

inline std::int64_t begin(RunStore& store, const KnownRun& run) {
    RunFacts facts;
    facts.kind = run.kind;
    facts.model = {"hash-of-" + run.model, run.model, "/models/" + run.model + ".gguf", 49000000, 98000000};
    facts.device.backend = run.backend;
    facts.device.name = run.device;
    facts.device.driver = "driver 1.2";
    facts.device.usable = true;
    facts.packing = run.packing;
    facts.program = "ternion 0.1";
    facts.shaderHash = "abc123";
    facts.sampler.seed = 77;
    facts.maxTokens = 128;
    facts.settings = R"({"prompt_tokens": 512})";
    const auto id = store.begin(facts, run.texts);
    return id ? *id : 0;
}

/// Begun, measured and ended. 0: it could not be written.
inline std::int64_t add(RunStore& store, const KnownRun& run) {
    const std::int64_t id = begin(store, run);
    if (!run.latencies.empty()) {
        const auto series = store.addSeries(id, {0, "token_latency", "s", Source::Measured, 0.0, "steady clock", {}});
        RunBatch batch{id, {{*series, {}}}, {}, {}};
        std::int64_t time = 0;
        for (const double latency : run.latencies) {
            time += static_cast<std::int64_t>(1e9 * latency);
            batch.samples.front().samples.push_back({time, latency});
            batch.tokens.push_back({static_cast<int>(batch.tokens.size()), time, static_cast<TokenId>(batch.tokens.size())});
        }
        if (!store.write(batch)) return 0;
    }
    if (!run.missing.empty())
        (void)store.addSeries(id, {0, "power.gpu", "W", Source::VendorEstimate, 0.1, "NVML", run.missing});
    RunEnd end;
    end.state = run.state;
    end.seconds = 2.5;
    end.error = run.error;
    end.figures = run.figures;
    if (!run.missing.empty()) end.missing.push_back({"energy_per_token", run.missing});
    end.answer = run.texts.answer;
    return store.finish(id, end) ? id : 0;
}

inline std::vector<Figure> speeds(double prefill, double decode) {
    return {{"prefill_tok_s", prefill, "1/s", Source::Measured},
            {"decode_tok_s", decode, "1/s", Source::Measured},
            {"decode_ms_p50", 1e3 / decode, "ms", Source::Measured},
            {"decode_ms_p99", 2e3 / decode, "ms", Source::Measured},
            {"peak_device_bytes", 16.0 * 1024 * 1024, "B", Source::Measured}};
}

inline QString chosenFile;  ///< what AskForFile gives

}  // namespace ternion::app
