// What `ternion-cli inspect` can show. One view is a function in inspect_NAME.cpp and a row in inspect.cpp's table.
#pragma once

#include <optional>

#include "command.h"

namespace ternion::cli {

/// What a view works on. The function owns nothing of it and writes `out`.
struct InspectContext {
    const Model& model;
    std::filesystem::path modelPath;  ///< as given: what latent weights are read from
    const Tokenizer* tokenizer;       ///< null where the checkpoint has none
    DeviceModel* device;              ///< null where the view needs no prompt
    std::vector<TokenId> ids;         ///< the prompt as `generate` would feed it; empty where the view needs none
    std::optional<int> layer;         ///< 0 to numLayers - 1; unset: all of them
    std::filesystem::path out;        ///< ends in one of the view's formats
    Progress progress;                ///< its token is what Ctrl+C stops: ForwardOptions::stop
};

struct InspectView {
    const char* name;                  ///< what --what takes
    const char* description;           ///< one line for --help
    std::vector<const char*> formats;  ///< extensions of `out` that it can write: ".csv", ".safetensors"
    bool needsPrompt;                  ///< and so a device
    /// Writes `out`; gives the keys that it adds to the JSON object.
    Result<nlohmann::ordered_json> (*run)(const InspectContext& context);
};

/// The prompt through the device, with these traced. Cancelled.
Result<Trace> tracePrompt(const InspectContext& context, std::vector<TraceRequest::Item> items);
/// One token's values of something that was asked for.
std::span<const float> tracedRow(const Trace& trace, TraceRequest::Item item, std::size_t token);
/// The one that was asked for, or all.
std::vector<int> layersOf(const InspectContext& context);
/// Of hidden states: 0 is the embedding, l + 1 what leaves layer l. What leaves the layer that was asked for, or all.
std::vector<int> depthsOf(const InspectContext& context);

Result<nlohmann::ordered_json> inspectWeights(const InspectContext& context);
Result<nlohmann::ordered_json> inspectGates(const InspectContext& context);
Result<nlohmann::ordered_json> inspectQuantisation(const InspectContext& context);
Result<nlohmann::ordered_json> inspectHidden(const InspectContext& context);
Result<nlohmann::ordered_json> inspectLens(const InspectContext& context);

}  // namespace ternion::cli
