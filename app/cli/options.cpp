#include <algorithm>
#include <map>

#include "command.h"

namespace ternion::cli {

CLI::Option* addTokenIds(CLI::App& app, std::vector<TokenId>& ids) {
    // CLI11 alone takes an empty text for 0.
    const auto digits = [](const std::string& text) {
        const auto first = std::find_if(text.begin(), text.end(), [](char c) { return c != ' '; });
        const bool number = first != text.end() && std::all_of(first, text.end(), [](char c) { return c >= '0' && c <= '9'; });
        return number ? std::string() : "'" + text + "' is no token id; expected whole numbers separated by commas";
    };
    return app.add_option("--ids", ids, "Token ids, separated by commas; BOS is not added")->delimiter(',')->check(digits);
}

void ModelOptions::addTo(CLI::App& app, bool modelRequired) {
    auto* option = app.add_option("-m,--model", model, "A Hugging Face folder or a GGUF file");
    if (modelRequired) option->required();
    app.add_option("-b,--backend", backend,
                   "cpu, vulkan[:N] or fpga[:sim|:/dev/xdma0|:PCI address]; without it the best there is");
    static const std::map<std::string, Packing> packings{
        {"auto", Packing::Auto}, {"2bit", Packing::TwoBit}, {"dense", Packing::Dense}};
    app.add_option("--packing", load.packing, "How the device keeps its trits: auto, 2bit, or dense (1.6 to 1.7 bits each)")
        ->transform(CLI::CheckedTransformer(packings));
    static const std::map<std::string, Profile> profiles{{"float", Profile::Float}, {"fixed", Profile::Fixed}};
    app.add_option("--profile", load.profile,
                   "Arithmetic: float, or fixed, the integers of an FPGA; without it the device's own")
        ->transform(CLI::CheckedTransformer(profiles));
}

Result<ModelOptions::Opened> ModelOptions::open(const Context& context) const {
    // A wrong device is found before gigabytes are read.
    TERNION_TRY(const auto device, context.registry.find(backend));
    TERNION_TRY(auto opened, openWithoutDevice(context));
    TERNION_TRY(opened.device, context.registry.load(device.id(), opened.checkpoint.model, context.progress(), load));
    return opened;
}

Result<ModelOptions::Opened> ModelOptions::openWithoutDevice(const Context& context) const {
    Opened opened;
    TERNION_TRY(opened.checkpoint, openCheckpoint(model, context.progress()));
    if (opened.checkpoint.tokenizer) {
        TERNION_TRY(opened.tokenizer, makeTokenizer(*opened.checkpoint.tokenizer));
    }
    return opened;
}

Result<ModelOptions::Opened> openPreset(const std::string& name) {
    TERNION_TRY(const auto config, presetConfig(name));
    TERNION_TRY(auto model, randomModel(config, 1));
    model.name = name + " (random trits)";
    ModelOptions::Opened opened;
    opened.checkpoint.model = std::make_shared<const Model>(std::move(model));
    return opened;
}

void PromptOptions::addTo(CLI::App& app) {
    auto* prompt = app.add_option("-p,--prompt", prompt_, "Text to continue, after BOS; special tokens in it are special");
    idsOption_ = addTokenIds(app, ids_)->excludes(prompt);
    promptOption_ = prompt;
}

Status PromptOptions::check() const {
    if (promptOption_->count() + idsOption_->count() > 0) return {};
    return Error{ErrorCode::InvalidArgument, "give a prompt with --prompt, or token ids with --ids", {}};
}

Result<std::vector<TokenId>> PromptOptions::tokens(const ModelOptions::Opened& opened) const {
    if (promptOption_->count() == 0) return ids_;
    if (!opened.tokenizer)
        return Error{ErrorCode::NotFound, "this checkpoint has no tokenizer; give token ids with --ids",
                     opened.checkpoint.model->name};
    std::vector<TokenId> tokens;
    if (const TokenId bos = opened.checkpoint.model->config.bosId; bos >= 0) tokens.push_back(bos);
    const auto text = opened.tokenizer->encode(prompt_, true);
    tokens.insert(tokens.end(), text.begin(), text.end());
    return tokens;
}

void addSampler(CLI::App& app, SamplerSettings& settings) {
    app.add_option("--temp", settings.temperature, "Temperature; 0 is greedy");
    app.add_option("--top-k", settings.topK, "Keep the k most probable tokens; 0 keeps all");
    app.add_option("--top-p", settings.topP, "Keep the most probable tokens that together reach p; 1 keeps all");
    app.add_option("--min-p", settings.minP, "Drop tokens below this fraction of the most probable; 0 keeps all");
    app.add_option("--repetition-penalty", settings.repetitionPenalty,
                   "Make tokens that are there already less likely; 1 is off");
    app.add_option("--seed", settings.seed, "Seed of the draws: same seed, same text on every backend");
}

void SamplingOptions::addTo(CLI::App& app) {
    app.add_option("-n,--max-tokens", maxTokens, "Most tokens to generate")->check(from(0))->capture_default_str();
    addSampler(app, settings);
    app.add_option("--stop", stopStrings, "End before this text (may be given several times)");
}

void SamplingOptions::applyDefaults(const CLI::App& app, const GenerationDefaults& defaults) {
    const auto apply = [&](const char* option, auto& value, const auto& suggested) {
        if (app.count(option) == 0 && suggested) value = *suggested;
    };
    apply("--temp", settings.temperature, defaults.temperature);
    apply("--top-k", settings.topK, defaults.topK);
    apply("--top-p", settings.topP, defaults.topP);
    apply("--min-p", settings.minP, defaults.minP);
    apply("--repetition-penalty", settings.repetitionPenalty, defaults.repetitionPenalty);
}

GenerateOptions SamplingOptions::options() const {
    GenerateOptions options;
    options.sampler = settings;
    options.maxTokens = maxTokens;
    options.stopStrings = stopStrings;
    return options;
}

}  // namespace ternion::cli
