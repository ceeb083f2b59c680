#include <algorithm>
#include <chrono>
#include <iostream>

#include "checkpoint/safetensors_writer.h"
#include "command.h"

namespace ternion::cli {
namespace {

struct LogitsOptions {
    ModelOptions model;
    std::vector<TokenId> ids;
    std::filesystem::path out;
};

Result<nlohmann::ordered_json> runLogits(const LogitsOptions& options, const Context& context) {
    TERNION_TRY(const auto opened, options.model.open(context));
    const ModelConfig& config = opened.device->model().config;
    const auto tokens = static_cast<std::int64_t>(options.ids.size());
    const std::int64_t vocab = config.vocabSize, hidden = config.hiddenSize, rows = config.numLayers + 1;
    TERNION_TRY(auto file, SafetensorsWriter::create(options.out,
                                                     {{"logits", {tokens, vocab}}, {"hidden_states", {rows, tokens, hidden}}}));
    TERNION_TRY(const auto state, opened.device->createState());

    ForwardOptions forward;
    forward.logits = LogitsWanted::All;
    forward.trace = TraceRequest::hiddenStates(config.numLayers);
    forward.stop = context.armInterrupt();
    double seconds = 0.0;
    constexpr std::int64_t chunk = 128;  // bounds what is in memory: 128 rows of logits
    for (std::int64_t at = 0; at < tokens; at += chunk) {
        const auto part = std::span(options.ids)
                              .subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(std::min(chunk, tokens - at)));
        const auto start = std::chrono::steady_clock::now();
        TERNION_TRY(const auto output, opened.device->forward(part, *state, forward));
        seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        TERNION_CHECK(file.write(0, at * vocab, output.logits));
        for (const auto& tensor : output.trace.tensors)
            TERNION_CHECK(file.write(1, (tensor.item.layer * tokens + at) * hidden, tensor.values));
    }
    TERNION_CHECK(file.finish());
    if (!context.json) std::cout << options.out.string() << ": " << tokens << " tokens in " << seconds << " s\n";
    return nlohmann::ordered_json{
        {"tokens", tokens}, {"seconds", seconds}, {"device", opened.device->device().name}, {"out", options.out.string()}};
}

}  // namespace

Run setupLogits(CLI::App& app, Context& context) {
    auto options = std::make_shared<LogitsOptions>();
    options->model.addTo(app, true);
    addTokenIds(app, options->ids)->required();
    app.add_option("--out", options->out, "The safetensors file to write: logits [T,V], hidden_states [L+1,T,D]")->required();
    return [&context, options] { return runLogits(*options, context); };
}

}  // namespace ternion::cli
