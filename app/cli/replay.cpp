#include "runs/replay.h"

#include <algorithm>
#include <iostream>

#include "command.h"
#include "recording.h"
#include "run_json.h"
#include "runs/run_facts.h"

namespace ternion::cli {
namespace {

constexpr std::string_view preset = "preset:";

struct ReplayOptions {
    ModelOptions model;
    RecordingOptions recording;
    std::filesystem::path bundle;
};

struct Found {
    ModelOptions::Opened opened;
    std::string path, hash;
};

Found found(ModelOptions::Opened opened, std::string path) {
    std::string hash = opened.checkpoint.model->hash();
    return {std::move(opened), std::move(path), std::move(hash)};
}

/// Where this machine opened a model of this hash from.
std::vector<std::string> knownPaths(const StoreOptions& store, const std::string& hash) {
    std::vector<std::string> paths;
    const auto reader = store.reader();
    if (!reader) return paths;
    const auto runs = (*reader)->list();
    if (!runs) return paths;
    for (const RunSummary& run : *runs) {
        const auto& [has, name, path, parameters, bytes] = run.facts.model;
        if (has == hash && !path.empty() && !path.starts_with(preset) &&
            std::find(paths.begin(), paths.end(), path) == paths.end())
            paths.push_back(path);
    }
    return paths;
}

/// The user's, else the one that is known to be it, else the random trits of a preset.
Result<Found> findModel(const ReplayOptions& options, const RunFacts& facts, const Context& context) {
    ModelOptions model = options.model;
    if (!model.model.empty()) {
        TERNION_TRY(auto opened, model.openWithoutDevice(context));
        return found(std::move(opened), modelPath(model.model));
    }
    for (const std::string& path : knownPaths(options.recording.store, facts.model.hash)) {
        model.model = path;
        auto opened = model.openWithoutDevice(context);
        if (!opened) continue;  // it is not there any more
        Found candidate = found(std::move(*opened), path);
        if (candidate.hash == facts.model.hash) return candidate;
    }
    if (facts.model.path.starts_with(preset)) {
        TERNION_TRY(auto opened, openPreset(facts.model.path.substr(preset.size())));
        return found(std::move(opened), facts.model.path);
    }
    return Error{ErrorCode::NotFound,
                 "this machine does not know its model (hash " + facts.model.hash + "); give it with --model",
                 facts.model.name};
}

/// As it was, where the user does not want something else and it can be had.
Status load(const ReplayOptions& options, const RunFacts& facts, const Context& context, bool packingGiven, Found& model) {
    std::string id = options.model.backend;
    if (id.empty() && context.registry.find(facts.device.id())) id = facts.device.id();
    TERNION_TRY(const auto device, context.registry.find(id));
    LoadOptions load = options.model.load;
    if (!packingGiven && device.backend == facts.device.backend)
        load.packing = facts.packing == nameOf(Packing::Dense)    ? Packing::Dense
                       : facts.packing == nameOf(Packing::TwoBit) ? Packing::TwoBit
                                                                  : Packing::Auto;
    if (load.profile == Profile::Auto) load.profile = facts.profile == nameOf(Profile::Fixed) ? Profile::Fixed : Profile::Float;
    TERNION_TRY(model.opened.device,
                context.registry.load(device.id(), model.opened.checkpoint.model, context.progress(), load));
    return {};
}

void print(const Replay& replay) {
    for (const auto& [what, before, now, kind] : replay.differences)
        std::cout << nameOf(kind) << "\t" << what << "\t" << before << "\t" << now << "\n";
    std::cout << (replay.same() ? "same result" : "another result") << ", " << replay.compared << " tokens compared\n";
}

Result<nlohmann::ordered_json> runReplay(const ReplayOptions& options, const CLI::App& app, const Context& context) {
    TERNION_TRY(const Bundle bundle, readBundle(options.bundle));
    const RunFacts& facts = bundle.run.facts;
    TERNION_TRY(Found model, findModel(options, facts, context));
    TERNION_CHECK(load(options, facts, context, app.count("--packing") > 0, model));
    const Recording recording(options.recording, model.opened.device);
    const RunFacts now = factsOf("replay", *model.opened.device, model.hash, model.path);
    TERNION_TRY(const Replay replay, ternion::replay(bundle, model.opened.device, model.opened.tokenizer, now,
                                                     context.progress(), recording.recorder()));
    if (!context.json) print(replay);
    auto differences = nlohmann::ordered_json::array();
    for (const auto& [what, before, is, kind] : replay.differences)
        differences.push_back({{"what", what}, {"before", before}, {"now", is}, {"kind", nameOf(kind)}});
    nlohmann::ordered_json json{{"same", replay.same()},
                                {"tokens_compared", replay.compared},
                                {"differences", std::move(differences)},
                                {"ids", replay.tokens},
                                {"text", replay.text},
                                {"figures", toJson(replay.run)["figures"]},
                                {"missing", toJson(replay.run)["missing"]}};
    if (replay.run.id != 0) json["run"] = replay.run.id;
    return json;
}

}  // namespace

Run setupReplay(CLI::App& app, Context& context) {
    auto options = std::make_shared<ReplayOptions>();
    app.add_option("BUNDLE", options->bundle, "A bundle that `export` wrote, here or elsewhere")->required();
    options->model.addTo(app, false);
    options->recording.addTo(app, false);
    return [&context, &app, options] { return runReplay(*options, app, context); };
}

}  // namespace ternion::cli
