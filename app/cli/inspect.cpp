#include "inspect.h"

#include <algorithm>
#include <iostream>
#include <numeric>

namespace ternion::cli {
namespace {

const std::vector<InspectView>& views() {
    static const std::vector<InspectView> table{
        {"weights",
         "shares of the trits, entropy and sparsity of every matrix",
         {".csv", ".safetensors"},
         false,
         inspectWeights},
        {"gates", "f, i, h and g of every token, and how long channels remember", {".csv", ".safetensors"}, true, inspectGates},
        {"quant",
         "int8 activations: scale, clipped and lost values of every BitLinear",
         {".csv", ".safetensors"},
         true,
         inspectQuantisation},
        {"hidden",
         "residual states: their norms, and their cosines between depths",
         {".csv", ".safetensors"},
         true,
         inspectHidden},
        {"lens", "what the model would say if it ended at each depth", {".csv", ".safetensors"}, true, inspectLens},
    };
    return table;
}

struct InspectOptions {
    ModelOptions model;
    PromptOptions prompt;
    std::string what;
    std::filesystem::path out;
    int layer = -1;
};

Status checkFormat(const InspectView& view, const std::filesystem::path& out) {
    std::string known;
    for (const char* format : view.formats) {
        if (out.extension() == format) return {};
        known += (known.empty() ? "" : " or ") + std::string(format);
    }
    return Error{ErrorCode::InvalidArgument, "'" + std::string(view.name) + "' is written as " + known, out.string()};
}

/// What can be found wrong before gigabytes are read is found before.
Result<nlohmann::ordered_json> runInspect(const InspectOptions& options, const Context& context) {
    const auto view = std::find_if(views().begin(), views().end(), [&](const auto& v) { return v.name == options.what; });
    TERNION_CHECK(checkFormat(*view, options.out));
    if (view->needsPrompt) TERNION_CHECK(options.prompt.check());
    ModelOptions::Opened opened;
    TERNION_TRY(opened, view->needsPrompt ? options.model.open(context) : options.model.openWithoutDevice(context));
    const Model& model = *opened.checkpoint.model;
    if (options.layer >= model.config.numLayers)
        return Error{ErrorCode::InvalidArgument, "the model's layers are 0 to " + std::to_string(model.config.numLayers - 1),
                     "--layer " + std::to_string(options.layer)};
    std::vector<TokenId> ids;
    if (view->needsPrompt) {
        TERNION_TRY(ids, options.prompt.tokens(opened));
        if (ids.empty()) return Error{ErrorCode::InvalidArgument, "the prompt has no tokens; give at least one", {}};
    }
    TERNION_TRY(auto json,
                view->run({model, options.model.model, opened.tokenizer.get(), opened.device.get(), std::move(ids),
                           options.layer < 0 ? std::nullopt : std::optional(options.layer), options.out, context.progress()}));
    if (!context.json) std::cout << options.out.string() << "\n";
    json["what"] = view->name;
    json["out"] = options.out.string();
    return json;
}

}  // namespace

Result<Trace> tracePrompt(const InspectContext& context, std::vector<TraceRequest::Item> items) {
    TERNION_TRY(const auto state, context.device->createState());
    ForwardOptions options;
    options.logits = LogitsWanted::None;
    options.trace.items = std::move(items);
    options.stop = context.progress.stop;
    TERNION_TRY(auto output, context.device->forward(context.ids, *state, options));
    return std::move(output.trace);
}

std::span<const float> tracedRow(const Trace& trace, TraceRequest::Item item, std::size_t token) {
    const auto found = std::find_if(trace.tensors.begin(), trace.tensors.end(), [&](const auto& t) { return t.item == item; });
    const auto width = static_cast<std::size_t>(found->width);
    return std::span(found->values).subspan(token * width, width);
}

std::vector<int> layersOf(const InspectContext& context) {
    if (context.layer) return {*context.layer};
    std::vector<int> all(static_cast<std::size_t>(context.model.config.numLayers));
    std::iota(all.begin(), all.end(), 0);
    return all;
}

Run setupInspect(CLI::App& app, Context& context) {
    auto options = std::make_shared<InspectOptions>();
    options->model.addTo(app, true);
    options->prompt.addTo(app);
    std::vector<std::string> names;
    std::string help = "What to look at:";
    for (const InspectView& view : views()) {
        names.emplace_back(view.name);
        help += std::string("\n") + view.name + ": " + view.description;
    }
    app.add_option("--what", options->what, help)->required()->check(CLI::IsMember(names));
    app.add_option("--out", options->out, "The file to write; its ending is its format")->required();
    app.add_option("--layer", options->layer, "This layer alone")->check(from(0));
    return [&context, options] { return runInspect(*options, context); };
}

}  // namespace ternion::cli
