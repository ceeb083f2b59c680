// What a subcommand of ternion-cli is. One is a .cpp file of its own and a line in main.cpp.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/result.h"
#include "checkpoint/checkpoint.h"
#include "engine/sampler.h"
#include "engine/session.h"

namespace ternion::cli {

/// What every command may use; lives as long as the program.
struct Context {
    BackendRegistry registry;
    bool json = false;  ///< the result as one JSON object; people's text goes to stderr then

    /// A token that Ctrl+C stops; each call arms it anew. While none has been asked for, Ctrl+C ends the program with 5.
    std::function<std::stop_token()> armInterrupt;
    /// Shows how far something is, on stderr, where that is a terminal.
    Progress progress() const;
};

/// Runs the command; what it returns is printed with --json.
using Run = std::function<Result<nlohmann::ordered_json>()>;

/// Adds options to `app` and returns what to run once they are parsed. `context` outlives the result.
using Setup = std::function<Run(CLI::App& app, Context& context)>;

Run setupDevices(CLI::App& app, Context& context);
Run setupInfo(CLI::App& app, Context& context);
Run setupTokenize(CLI::App& app, Context& context);
Run setupConvert(CLI::App& app, Context& context);
Run setupLogits(CLI::App& app, Context& context);
Run setupGenerate(CLI::App& app, Context& context);
Run setupChat(CLI::App& app, Context& context);
Run setupBench(CLI::App& app, Context& context);
Run setupCompare(CLI::App& app, Context& context);
Run setupComparisons(CLI::App& app, Context& context);
Run setupInspect(CLI::App& app, Context& context);
Run setupRuns(CLI::App& app, Context& context);
Run setupSql(CLI::App& app, Context& context);
Run setupExport(CLI::App& app, Context& context);
Run setupImport(CLI::App& app, Context& context);
Run setupReplay(CLI::App& app, Context& context);
Run setupProjection(CLI::App& app, Context& context);
Run setupPaper(CLI::App& app, Context& context);

/// Accepts whole numbers from `least` on; CLI11's own would write the largest double into its message.
inline CLI::Range from(int least) { return {least, std::numeric_limits<int>::max()}; }

/// `--ids 1,2,3`.
CLI::Option* addTokenIds(CLI::App& app, std::vector<TokenId>& ids);

/// `--model` and `--backend`, and what they lead to.
struct ModelOptions {
    std::filesystem::path model;
    std::string backend;
    LoadOptions load;

    void addTo(CLI::App& app, bool modelRequired);
    struct Opened {
        Checkpoint checkpoint;
        std::shared_ptr<const Tokenizer> tokenizer;  ///< null where the checkpoint has none
        std::shared_ptr<DeviceModel> device;
    };
    Result<Opened> open(const Context& context) const;
    Result<Opened> openWithoutDevice(const Context& context) const;
};

/// Random trits of a published shape, the same each time; no device yet. NotFound lists the shapes.
Result<ModelOptions::Opened> openPreset(const std::string& name);

/// `--prompt` or `--ids`: the text that a model is given.
class PromptOptions {
public:
    void addTo(CLI::App& app);
    /// InvalidArgument where the user gave neither.
    Status check() const;
    /// The ids as given, or BOS, where the model has one, and the encoded text. NotFound where that takes a tokenizer and there
    /// is none.
    Result<std::vector<TokenId>> tokens(const ModelOptions::Opened& opened) const;

private:
    std::string prompt_;
    std::vector<TokenId> ids_;
    const CLI::Option* promptOption_ = nullptr;
    const CLI::Option* idsOption_ = nullptr;
};

/// `--temp` and the others of a sampler.
void addSampler(CLI::App& app, SamplerSettings& settings);

/// The sampling options that `generate` and `chat` share.
struct SamplingOptions {
    SamplerSettings settings;
    int maxTokens = 256;
    std::vector<std::string> stopStrings;

    void addTo(CLI::App& app);
    /// Values the user did not give come from the checkpoint's generation_config.
    void applyDefaults(const CLI::App& app, const GenerationDefaults& defaults);
    GenerateOptions options() const;
};

}  // namespace ternion::cli
