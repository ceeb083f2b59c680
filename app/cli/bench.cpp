#include <algorithm>
#include <cstdio>

#include "base/percentile.h"
#include "command.h"
#include "kernel_profile.h"
#include "measure/host_memory.h"
#include "measure/source.h"
#include "recording.h"
#include "runs/benchmark.h"
#include "runs/run_facts.h"

namespace ternion::cli {
namespace {

struct BenchOptions {
    ModelOptions model;
    RecordingOptions recording;
    std::string preset;
    BenchmarkPlan plan;
};

Result<std::shared_ptr<DeviceModel>> openDevice(const BenchOptions& options, const Context& context) {
    if (options.preset.empty()) {
        TERNION_TRY(const auto opened, options.model.open(context));
        return opened.device;
    }
    TERNION_TRY(const auto opened, openPreset(options.preset));
    TERNION_TRY(auto device,
                context.registry.load(options.model.backend, opened.checkpoint.model, context.progress(), options.model.load));
    return std::shared_ptr<DeviceModel>(std::move(device));
}

Result<BenchmarkResult> measure(const BenchOptions& options, const std::shared_ptr<DeviceModel>& device,
                                const Recording& recording, const Progress& progress) {
    if (recording.recorder() == nullptr) return runBenchmark(device, options.plan, progress);
    const std::string path = options.preset.empty() ? modelPath(options.model.model) : "preset:" + options.preset;
    return recordBenchmark(device, options.plan, factsOf("bench", *device, {}, path), progress, *recording.recorder());
}

/// What the recorder found out about energy, or why it could not.
void addEnergy(const RunSummary& run, nlohmann::ordered_json& figures) {
    for (const auto& [key, name] :
         {std::pair{"energy_per_token_J", "energy_per_token"},
          std::pair{"energy_per_token_above_idle_J", "energy_per_token_above_idle"}, std::pair{"mean_power_W", "mean_power"}}) {
        const Figure* figure = run.figure(name);
        if (figure == nullptr) continue;
        figures[key] = figure->value;
        figures["energy_source"] = nameOf(figure->source);
    }
    const auto missing = std::find_if(run.missing.begin(), run.missing.end(),
                                      [](const MissingFigure& one) { return one.name.starts_with("energy_per_token"); });
    if (missing != run.missing.end()) figures["energy_missing"] = missing->reason;
}

void printEnergy(const nlohmann::ordered_json& figures) {
    if (figures.contains("energy_per_token_J"))
        std::printf("energy %.3g J a token at %.1f W (%s)\n", figures["energy_per_token_J"].get<double>(),
                    figures["mean_power_W"].get<double>(), figures["energy_source"].get<std::string>().c_str());
    if (figures.contains("energy_per_token_above_idle_J"))
        std::printf("energy above idle %.3g J a token (%s)\n", figures["energy_per_token_above_idle_J"].get<double>(),
                    figures["energy_source"].get<std::string>().c_str());
    if (figures.contains("energy_missing"))
        std::printf("energy %snot known: %s\n", figures.contains("energy_per_token_J") ? "above idle " : "",
                    figures["energy_missing"].get<std::string>().c_str());
}

/// Of the last token. `tok_s` is the clock's, not that of the program that simulates it.
nlohmann::ordered_json cycleFigures(const CycleCounts& cycles) {
    return {{"total", cycles.total},
            {"array", cycles.array},
            {"mat_vec", cycles.matVec},
            {"stream_stalls", cycles.streamStalls},
            {"drain_stalls", cycles.drainStalls},
            {"read_bytes", cycles.readBytes},
            {"written_bytes", cycles.writtenBytes},
            {"toggles", cycles.toggles},
            {"clock_Hz", cycles.clockHz},
            {"tok_s", cycles.clockHz / static_cast<double>(cycles.total)},
            {"source", nameOf(cycles.simulated ? Source::Modelled : Source::Measured)}};
}

void printCycles(const CycleCounts& cycles) {
    const auto share = [](std::uint64_t part, std::uint64_t whole) {
        return 100.0 * static_cast<double>(part) / static_cast<double>(whole);
    };
    std::printf("%llu cycles a token, array busy in %.1f %% of a mat-vec's; at %.0f MHz %.1f tokens/s (%s)\n",
                static_cast<unsigned long long>(cycles.total), share(cycles.array, cycles.matVec), cycles.clockHz / 1e6,
                cycles.clockHz / static_cast<double>(cycles.total),
                cycles.simulated ? "modelled: the clock is assumed; above is the speed of the simulation" : "measured");
}

Result<nlohmann::ordered_json> runBench(const BenchOptions& options, const Context& context) {
    if (options.preset.empty() == options.model.model.empty())
        return Error{ErrorCode::InvalidArgument, "give either --model or --preset", {}};
    TERNION_CHECK(options.plan.sampler.validate());
    TERNION_TRY(const auto device, openDevice(options, context));
    const Recording recording(options.recording, device);
    TERNION_TRY(const auto result, measure(options, device, recording, context.progress()));
    TERNION_TRY(const auto host, hostMemory());

    const Model& model = device->model();
    const double p50 = 1e3 * percentile(result.tokenSeconds, 0.5), p99 = 1e3 * percentile(result.tokenSeconds, 0.99);
    const auto tokens = result.tokenSeconds.size();
    nlohmann::ordered_json figures{{"model", model.name},
                                   {"backend", device->device().id()},
                                   {"device", device->device().name},
                                   {"driver", device->device().driver},
                                   {"params", model.config.parameterCount()},
                                   {"packing", nameOf(device->packing())},
                                   {"weight_bytes", result.memory.weights},
                                   {"prompt_tokens", options.plan.promptTokens},
                                   {"prefill_tok_s", result.prefillTokensPerSecond},
                                   {"decode_tokens", tokens},
                                   {"traced_layer", options.plan.tracedLayer},
                                   {"most_tokens_a_submission", device->mostAhead()},
                                   {"decode_tok_s", result.tokensPerSecond()},
                                   {"decode_ms_p50", p50},
                                   {"decode_ms_p99", p99},
                                   {"peak_device_bytes", result.memory.total()},
                                   {"peak_host_bytes", host.peak},
                                   {"host_bytes_after_first_token", result.residentAfterFirst},
                                   {"host_bytes_after_last_token", result.residentAfterLast},
                                   {"profile", nameOf(device->profile())}};
    if (result.readBandwidth) {
        figures["read_bandwidth_Bps"] = *result.readBandwidth;
        figures["roofline_fraction"] = *result.rooflineFraction();
    } else {
        figures["read_bandwidth_missing"] = result.bandwidthMissing;
    }
    if (result.cycles) figures["cycles"] = cycleFigures(*result.cycles);
    if (options.plan.kernels) figures["kernels"] = kernelProfile(result);
    recording.addTo(figures);
    if (const auto recorded = recording.lastRun()) addEnergy(*recorded, figures);
    if (context.json) return figures;
    std::printf(
        "%s on %s (%s)\nprefill %d tokens: %.0f tokens/s\ndecode %zu tokens, at most %d a submission: %.1f tokens/s, p50 "
        "%.3f ms, p99 %.3f ms\n"
        "weights %.1f MB\n",
        model.name.c_str(), device->device().id().c_str(), device->device().name.c_str(), options.plan.promptTokens,
        result.prefillTokensPerSecond, tokens, device->mostAhead(), result.tokensPerSecond(), p50, p99,
        static_cast<double>(result.memory.weights) / 1e6);
    if (result.readBandwidth)
        std::printf("read bandwidth %.1f GB/s, roofline fraction %.2f\n", *result.readBandwidth / 1e9,
                    *result.rooflineFraction());
    else
        std::printf("read bandwidth not known: %s\n", result.bandwidthMissing.c_str());
    if (result.cycles) printCycles(*result.cycles);
    printEnergy(figures);
    if (options.plan.kernels) printKernelProfile(figures["kernels"]);
    return figures;
}

}  // namespace

Run setupBench(CLI::App& app, Context& context) {
    auto options = std::make_shared<BenchOptions>();
    constexpr double aDay = 86400.0;
    BenchmarkPlan& plan = options->plan;
    options->model.addTo(app, false);
    app.add_option("--preset", options->preset, "370M, 1.3B or 2.7B: random trits of the published shape");
    app.add_option("-p,--prompt-tokens", plan.promptTokens, "Tokens of the prefill run; 0 leaves it out")
        ->check(from(0))
        ->capture_default_str();
    app.add_option("-n,--max-tokens", plan.tokens, "Tokens of the decode run")->check(from(1))->capture_default_str();
    addSampler(app, plan.sampler);
    app.add_option("--trace-gates", plan.tracedLayer, "Trace this layer's gates while decoding, as the inspection views do")
        ->check(from(0));
    app.add_flag("--profile-kernels", plan.kernels,
                 "Time each kernel of a pass too, by the device's clock, dispatched one by one");
    app.add_option("--energy", plan.energySeconds,
                   "Rest first, then decode for at least so many seconds, so that slow power sensors see both; 10 is enough")
        ->check(CLI::Range(0.0, aDay));
    options->recording.addTo(app, false);
    return [&context, options] { return runBench(*options, context); };
}

}  // namespace ternion::cli
