#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "command.h"
#include "inspect/trace_store.h"
#include "kernel_profile.h"
#include "measure/host_memory.h"

namespace ternion::cli {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
    ModelOptions model;
    SamplerSettings sampler;
    std::string preset;
    int prompt = 512;
    int tokens = 128;
    int tracedLayer = -1;  ///< -1: none
    bool profileKernels = false;
};

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double percentile(std::vector<double> values, double share) {
    if (values.empty()) return 0.0;
    const auto at = values.begin() + std::lround(share * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

Result<std::shared_ptr<DeviceModel>> openDevice(const Options& options, const Context& context) {
    if (options.preset.empty()) {
        TERNION_TRY(const auto opened, options.model.open(context));
        return opened.device;
    }
    TERNION_CHECK(options.model.checkProfile());
    TERNION_TRY(const auto config, presetConfig(options.preset));
    TERNION_TRY(auto model, randomModel(config, 1));
    model.name = options.preset + " (random trits)";
    TERNION_TRY(auto device, context.registry.load(options.model.backend, std::make_shared<const Model>(std::move(model)),
                                                   context.progress(), options.model.load));
    return std::shared_ptr<DeviceModel>(std::move(device));
}

/// Tokens a second of a prompt of `count` tokens, over a quarter of a second or more; short runs first for as long, so that no
/// first use is timed and a device has left its idle clock.
Result<double> prefillSpeed(DeviceModel& device, int count, const std::stop_token& stop) {
    const int vocab = device.model().config.vocabSize;
    std::vector<TokenId> prompt(static_cast<std::size_t>(count));
    for (std::size_t k = 0; k < prompt.size(); ++k)
        prompt[k] = static_cast<TokenId>(k * 7919 % static_cast<std::size_t>(vocab));
    TERNION_TRY(const auto state, device.createState());
    ForwardOptions forward;
    forward.stop = stop;
    const auto repeat = [&](std::span<const TokenId> tokens) -> Result<double> {
        const auto start = Clock::now();
        double passes = 0.0;
        for (; passes == 0.0 || since(start) < 0.25; ++passes) TERNION_CHECK(device.forward(tokens, *state, forward));
        return passes * static_cast<double>(tokens.size()) / since(start);
    };
    TERNION_CHECK(repeat(std::span(prompt).first(std::min<std::size_t>(64, prompt.size()))));
    return repeat(prompt);
}

struct Decode {
    std::vector<double> seconds;  // a token, sampling included; tokens that come together share theirs
    double total = 0.0;
    std::uint64_t residentAfterFirst = 0;
    std::uint64_t residentAfterLast = 0;
};

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

Result<Decode> decodeSpeed(const std::shared_ptr<DeviceModel>& device, const Options& options, const std::stop_token& stop) {
    const int count = options.tokens;
    TraceStore traces;
    TERNION_TRY(const auto session, Session::create(device, nullptr));
    if (options.tracedLayer >= 0) traceGates(*session, options.tracedLayer, traces);
    const std::vector<TokenId> prompt{1, 2, 3, 4};
    GenerateOptions generate;
    generate.sampler = options.sampler;
    generate.stopAtEos = false;
    generate.stop = stop;
    generate.maxTokens = 8;
    // Half a second of warm-up: a device leaves its idle clock, and the CPU has arranged its weights.
    for (const auto start = Clock::now(); since(start) < 0.5;) {
        TERNION_CHECK(session->prefill(prompt, stop));
        TERNION_CHECK(session->generate(generate, {}));
        TERNION_CHECK(session->reset());
    }
    TERNION_CHECK(session->prefill(prompt, stop));

    Decode decode;
    decode.seconds.reserve(static_cast<std::size_t>(count));
    generate.maxTokens = count;
    TERNION_TRY(decode.residentAfterFirst, residentBytes());
    const auto together = static_cast<std::size_t>(options.tracedLayer >= 0 ? 1 : device->mostAhead());
    auto last = Clock::now();
    TERNION_TRY(const auto result, session->generate(generate, [&](const GeneratedToken&) {
        const std::size_t tokens = decode.seconds.size() % together + 1;
        const auto now = Clock::now();
        const double each = std::chrono::duration<double>(now - last).count() / static_cast<double>(tokens);
        decode.seconds.push_back(each);
        if (tokens == together) {
            std::fill(decode.seconds.end() - static_cast<std::ptrdiff_t>(tokens), decode.seconds.end(), each);
            last = now;
        }
        return true;
    }));
    decode.total = result.seconds;
    TERNION_TRY(decode.residentAfterLast, residentBytes());
    if (result.reason == StopReason::Stopped) return Error{ErrorCode::Cancelled, "stopped", {}};
    return decode;
}

Result<nlohmann::ordered_json> run(const Options& options, const Context& context) {
    if (options.preset.empty() == options.model.model.empty())
        return Error{ErrorCode::InvalidArgument, "give either --model or --preset", {}};
    TERNION_CHECK(options.sampler.validate());
    TERNION_TRY(const auto device, openDevice(options, context));
    const std::stop_token stop = context.armInterrupt();
    double prefill = 0.0;
    if (options.prompt > 0) {
        TERNION_TRY(prefill, prefillSpeed(*device, options.prompt, stop));
    }
    if (const int layers = device->model().config.numLayers; options.tracedLayer >= layers)
        return Error{ErrorCode::InvalidArgument, "there is no such layer; it has 0 to " + std::to_string(layers - 1),
                     "--trace-gates"};
    TERNION_TRY(const auto decode, decodeSpeed(device, options, stop));
    TERNION_TRY(const double bandwidth, device->measureReadBandwidth());
    TERNION_TRY(const auto host, hostMemory());

    nlohmann::ordered_json kernels;
    if (options.profileKernels) {
        TERNION_TRY(kernels, kernelProfile(*device, options.prompt));
    }

    const MemoryUse memory = device->memory();
    const Model& model = device->model();
    const double perToken = decode.total / std::max<double>(1.0, static_cast<double>(decode.seconds.size()));
    const double roofline = static_cast<double>(memory.perToken) / bandwidth / perToken;
    if (!context.json)
        std::printf(
            "%s on %s (%s)\nprefill %d tokens: %.0f tokens/s\ndecode %d tokens, at most %d a submission: %.1f tokens/s, p50 "
            "%.3f ms, p99 %.3f ms\n"
            "weights %.1f MB, read bandwidth %.1f GB/s, roofline fraction %.2f\n",
            model.name.c_str(), device->device().id().c_str(), device->device().name.c_str(), options.prompt, prefill,
            options.tokens, device->mostAhead(), 1.0 / perToken, 1e3 * percentile(decode.seconds, 0.5),
            1e3 * percentile(decode.seconds, 0.99), static_cast<double>(memory.weights) / 1e6, bandwidth / 1e9, roofline);
    if (!context.json && options.profileKernels) printKernelProfile(kernels);
    nlohmann::ordered_json figures{{"model", model.name},
                                   {"backend", device->device().id()},
                                   {"device", device->device().name},
                                   {"driver", device->device().driver},
                                   {"params", model.config.parameterCount()},
                                   {"packing", device->packing() == Packing::Dense ? "dense" : "2bit"},
                                   {"weight_bytes", memory.weights},
                                   {"prompt_tokens", options.prompt},
                                   {"prefill_tok_s", prefill},
                                   {"decode_tokens", options.tokens},
                                   {"traced_layer", options.tracedLayer},
                                   {"most_tokens_a_submission", device->mostAhead()},
                                   {"decode_tok_s", 1.0 / perToken},
                                   {"decode_ms_p50", 1e3 * percentile(decode.seconds, 0.5)},
                                   {"decode_ms_p99", 1e3 * percentile(decode.seconds, 0.99)},
                                   {"peak_device_bytes", memory.total()},
                                   {"peak_host_bytes", host.peak},
                                   {"host_bytes_after_first_token", decode.residentAfterFirst},
                                   {"host_bytes_after_last_token", decode.residentAfterLast},
                                   {"read_bandwidth_Bps", bandwidth},
                                   {"roofline_fraction", roofline}};
    if (options.profileKernels) figures["kernels"] = std::move(kernels);
    return figures;
}

}  // namespace

Run setupBench(CLI::App& app, Context& context) {
    auto options = std::make_shared<Options>();
    options->model.addTo(app, false);
    app.add_option("--preset", options->preset, "370M, 1.3B or 2.7B: random trits of the published shape");
    app.add_option("-p,--prompt-tokens", options->prompt, "Tokens of the prefill run; 0 leaves it out")
        ->check(from(0))
        ->capture_default_str();
    app.add_option("-n,--max-tokens", options->tokens, "Tokens of the decode run")->check(from(1))->capture_default_str();
    addSampler(app, options->sampler);
    app.add_option("--trace-gates", options->tracedLayer, "Trace this layer's gates while decoding, as the inspection views do")
        ->check(from(0));
    app.add_flag("--profile-kernels", options->profileKernels,
                 "Time each kernel of a pass too, by the device's clock, dispatched one by one");
    return [&context, options] { return run(*options, context); };
}

}  // namespace ternion::cli
