#include "runs/benchmark.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/json_fields.h"
#include "base/percentile.h"
#include "base/rest.h"
#include "engine/session.h"
#include "inspect/trace_store.h"
#include "measure/host_memory.h"
#include "runs/run_recorder.h"
#include "runs/token_clock.h"

namespace ternion {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

Error stopped() { return {ErrorCode::Cancelled, "stopped", {}}; }

/// What of a benchmark a recorder is told; nobody listens where there is none.
struct Listener {
    RunRecorder* recorder;
    void prefilled(int tokens, double seconds) const {
        if (recorder != nullptr) recorder->prefilled(tokens, seconds);
    }
    void decoded(TokenId token, double seconds) const {
        if (recorder != nullptr) recorder->decoded(token, seconds);
    }
    void memory(const MemoryUse& use) const {
        if (recorder != nullptr) recorder->memory(use);
    }
    void kernels(bool prefill, const PassTimes& times) const {
        if (recorder != nullptr) recorder->kernels(prefill, times);
    }
};

/// Tokens a second of a prompt of `count` tokens, over a quarter of a second or more; short runs first for as long, so that no
/// first use is timed and a device has left its idle clock.
Result<double> prefillSpeed(DeviceModel& device, int count, const Listener& listener, const std::stop_token& stop) {
    constexpr double enough = 0.25;
    constexpr std::size_t shortRun = 64;
    const auto vocab = static_cast<std::size_t>(device.model().config.vocabSize);
    std::vector<TokenId> prompt(static_cast<std::size_t>(count));
    for (std::size_t k = 0; k < prompt.size(); ++k) prompt[k] = static_cast<TokenId>(k * 7919 % vocab);
    TERNION_TRY(const auto state, device.createState());
    ForwardOptions forward;
    forward.stop = stop;
    const auto repeat = [&](std::span<const TokenId> tokens, bool tell) -> Result<double> {
        const auto start = Clock::now();
        double passes = 0.0;
        for (; passes == 0.0 || since(start) < enough; ++passes) {
            const auto begin = Clock::now();
            TERNION_CHECK(device.forward(tokens, *state, forward));
            if (tell) listener.prefilled(static_cast<int>(tokens.size()), since(begin));
        }
        return passes * static_cast<double>(tokens.size()) / since(start);
    };
    TERNION_CHECK(repeat(std::span(prompt).first(std::min(shortRun, prompt.size())), false));
    return repeat(prompt, true);
}

Result<std::uint64_t> residentBytes() {
    TERNION_TRY(const auto memory, hostMemory());
    return memory.resident;
}

/// Keeps what the gates' view would, for as long as it lives.
void traceGates(Session& session, int layer, TraceStore& store) {
    const TraceRequest gates{{{TraceTensor::ForgetGate, layer},
                              {TraceTensor::Candidate, layer},
                              {TraceTensor::State, layer},
                              {TraceTensor::OutputGate, layer}}};
    session.setTrace(gates, [&store](int firstToken, const Trace& trace) {
        for (const auto& tensor : trace.tensors)
            static_cast<void>(store.append(tensor.item, firstToken, tensor.tokens, tensor.width, tensor.values));
    });
}

Status decodeSpeed(const std::shared_ptr<DeviceModel>& device, const BenchmarkPlan& plan, const Listener& listener,
                   const std::stop_token& stop, BenchmarkResult& result) {
    constexpr int warmUpTokens = 8;
    constexpr double warmUpSeconds = 0.5;
    TraceStore traces;
    TERNION_TRY(const auto session, Session::create(device, nullptr));
    if (plan.tracedLayer >= 0) traceGates(*session, plan.tracedLayer, traces);
    const std::vector<TokenId> prompt{1, 2, 3, 4};
    GenerateOptions generate;
    generate.sampler = plan.sampler;
    generate.stopAtEos = false;
    generate.stop = stop;
    generate.maxTokens = warmUpTokens;
    // A device leaves its idle clock, and the CPU has arranged its weights.
    for (const auto start = Clock::now(); since(start) < warmUpSeconds;) {
        TERNION_CHECK(session->prefill(prompt, stop));
        TERNION_CHECK(session->generate(generate, {}));
        TERNION_CHECK(session->reset());
    }
    TERNION_CHECK(session->prefill(prompt, stop));

    auto& seconds = result.tokenSeconds;
    seconds.reserve(static_cast<std::size_t>(plan.tokens));
    TERNION_TRY(result.residentAfterFirst, residentBytes());
    listener.memory(device->memory());
    const auto start = Clock::now();
    do {
        generate.maxTokens = plan.tokens;
        TokenClock clock([&](TokenId token, double each) {
            seconds.push_back(each);
            listener.decoded(token, each);
        });
        TERNION_TRY(const auto generated, session->generate(generate, [&](const GeneratedToken& token) {
            clock.came(token);
            return true;
        }));
        result.decodeSeconds += generated.seconds;
        if (generated.reason == StopReason::Stopped) return stopped();
    } while (since(start) < plan.energySeconds);
    TERNION_TRY(result.residentAfterLast, residentBytes());
    return {};
}

Status check(const DeviceModel& device, const BenchmarkPlan& plan) {
    TERNION_CHECK(plan.sampler.validate());
    const int layers = device.model().config.numLayers;
    if (plan.promptTokens < 0 || plan.tokens < 1 || plan.energySeconds < 0.0)
        return Error{ErrorCode::InvalidArgument, "a benchmark decodes one token or more, and no size is negative", {}};
    if (plan.tracedLayer >= layers)
        return Error{ErrorCode::InvalidArgument, "there is no such layer; it has 0 to " + std::to_string(layers - 1),
                     "layer " + std::to_string(plan.tracedLayer)};
    return {};
}

Result<BenchmarkResult> run(const std::shared_ptr<DeviceModel>& device, const BenchmarkPlan& plan, const Progress& progress,
                            const Listener& listener) {
    TERNION_CHECK(check(*device, plan));
    BenchmarkResult result;
    if (plan.promptTokens > 0) {
        progress.tell("Prefill", 0.1);
        TERNION_TRY(result.prefillTokensPerSecond, prefillSpeed(*device, plan.promptTokens, listener, progress.stop));
    }
    progress.tell("Decode", 0.3);
    TERNION_CHECK(decodeSpeed(device, plan, listener, progress.stop, result));
    progress.tell("Read bandwidth", 0.8);
    result.cycles = device->lastToken();
    if (const auto bandwidth = device->measureReadBandwidth()) {
        result.readBandwidth = *bandwidth;
    } else if (bandwidth.error().code == ErrorCode::Unsupported) {
        result.bandwidthMissing = bandwidth.error().text();
    } else {
        return bandwidth.error();
    }
    result.memory = device->memory();
    listener.memory(result.memory);
    if (plan.kernels) {
        progress.tell("Kernels", 0.9);
        auto decode = medianKernelTimes(*device, 1);
        if (!decode && decode.error().code != ErrorCode::Unsupported) return decode.error();
        if (!decode) {
            result.kernelsMissing = decode.error().text();
        } else {
            listener.kernels(false, result.decodeKernels.emplace(std::move(*decode)));
            if (plan.promptTokens > 1) {
                TERNION_TRY(result.prefillKernels, medianKernelTimes(*device, plan.promptTokens));
                listener.kernels(true, *result.prefillKernels);
            }
        }
    }
    progress.tell("Measured", 1.0);
    return result;
}

std::vector<Figure> figuresOf(const BenchmarkResult& result) {
    std::vector<Figure> figures{{"decode_tok_s", result.tokensPerSecond(), "1/s"},
                                {"weight_bytes", static_cast<double>(result.memory.weights), "B"},
                                {"weight_bytes_per_token", static_cast<double>(result.memory.perToken), "B"}};
    if (result.readBandwidth) {
        figures.push_back({"read_bandwidth_Bps", *result.readBandwidth, "B/s"});
        figures.push_back({"roofline_fraction", *result.rooflineFraction(), "1"});
    }
    if (result.cycles) {
        const CycleCounts& cycles = *result.cycles;
        const auto total = static_cast<double>(cycles.total);
        // A simulation counts the cycles of the design; what one takes is an assumption.
        figures.push_back({"cycles_per_token", total, "1"});
        figures.push_back({"array_use", static_cast<double>(cycles.array) / static_cast<double>(cycles.matVec), "1"});
        figures.push_back(
            {"device_tok_s", cycles.clockHz / total, "1/s", cycles.simulated ? Source::Modelled : Source::Measured});
    }
    if (result.prefillTokensPerSecond > 0.0) figures.push_back({"prefill_tok_s", result.prefillTokensPerSecond, "1/s"});
    return figures;
}

}  // namespace

std::string BenchmarkPlan::toJson() const {
    return nlohmann::ordered_json{{"prompt_tokens", promptTokens},
                                  {"tokens", tokens},
                                  {"traced_layer", tracedLayer},
                                  {"kernels", kernels},
                                  {"energy_seconds", energySeconds}}
        .dump();
}

Result<BenchmarkPlan> BenchmarkPlan::fromJson(const std::string& json) {
    TERNION_TRY(const auto parsed, parseJson(json, "a benchmark's settings"));
    TERNION_TRY(const auto fields, JsonFields::of(parsed, "a benchmark's settings"));
    BenchmarkPlan plan;
    TERNION_CHECK(fields.read("prompt_tokens", plan.promptTokens));
    TERNION_CHECK(fields.read("tokens", plan.tokens));
    TERNION_CHECK(fields.read("traced_layer", plan.tracedLayer));
    TERNION_CHECK(fields.read("kernels", plan.kernels));
    TERNION_CHECK(fields.read("energy_seconds", plan.energySeconds));
    return plan;
}

double BenchmarkResult::tokensPerSecond() const { return static_cast<double>(tokenSeconds.size()) / decodeSeconds; }

std::optional<double> BenchmarkResult::rooflineFraction() const {
    if (!readBandwidth) return std::nullopt;
    return static_cast<double>(memory.perToken) / *readBandwidth * tokensPerSecond();
}

Result<PassTimes> medianKernelTimes(DeviceModel& device, int tokens) {
    constexpr int passes = 9;
    TERNION_CHECK(device.timeKernels(tokens));  // warms up
    TERNION_TRY(PassTimes median, device.timeKernels(tokens));
    std::vector<std::vector<double>> seconds(median.kernels.size());
    for (int pass = 0; pass < passes; ++pass) {
        TERNION_TRY(const PassTimes times, device.timeKernels(tokens));
        for (std::size_t k = 0; k < seconds.size(); ++k) seconds[k].push_back(times.kernels[k].seconds);
    }
    for (std::size_t k = 0; k < seconds.size(); ++k) median.kernels[k].seconds = percentile(std::move(seconds[k]), 0.5);
    return median;
}

Result<BenchmarkResult> runBenchmark(const std::shared_ptr<DeviceModel>& device, const BenchmarkPlan& plan,
                                     const Progress& progress) {
    return run(device, plan, progress, {nullptr});
}

Result<BenchmarkResult> recordBenchmark(const std::shared_ptr<DeviceModel>& device, const BenchmarkPlan& plan, RunFacts facts,
                                        const Progress& progress, RunRecorder& recorder) {
    TERNION_CHECK(check(*device, plan));
    if (plan.energySeconds > 0.0) {
        progress.tell("Resting", 0.0);
        TERNION_CHECK(rest(BenchmarkPlan::restSeconds, progress.stop));
    }
    facts.sampler = plan.sampler;
    facts.maxTokens = plan.tokens;
    facts.settings = plan.toJson();
    TERNION_TRY([[maybe_unused]] const auto number, recorder.begin(facts));
    auto result = run(device, plan, progress, {&recorder});
    RunRecorder::Outcome outcome;
    if (result) {
        outcome.figures = figuresOf(*result);
        if (!result->bandwidthMissing.empty())
            for (const char* name : {"read_bandwidth_Bps", "roofline_fraction"})
                outcome.missing.push_back({name, result->bandwidthMissing});
    } else {
        outcome.state = result.error().code == ErrorCode::Cancelled ? RunState::Stopped : RunState::Failed;
        outcome.error = result.error().text();
    }
    TERNION_CHECK(recorder.end(outcome));
    return result;
}

}  // namespace ternion
