#include <iostream>

#include "base/atomic_file.h"
#include "command.h"
#include "compare/comparison.h"
#include "compare/comparison_report.h"
#include "recording.h"

namespace ternion::cli {
namespace {

struct Options {
    std::vector<std::filesystem::path> models;
    std::vector<std::string> backends, profiles, packings;
    PromptOptions prompt;
    RecordingOptions recording;
    LockstepPlan plan;
    double restSeconds = 0.0;
    bool ownText = false;
    std::optional<double> threshold;
    std::filesystem::path report;
};

/// What is given for side `index`: one for each, or one for all.
template <class T>
const T* of(const std::vector<T>& values, std::size_t index) {
    if (values.empty()) return nullptr;
    return &values[values.size() == 1 ? 0 : index];
}

Status checkCounts(const Options& options) {
    const std::size_t sides = options.backends.size();
    const auto fits = [&](std::size_t count) { return count <= 1 || count == sides; };
    if (sides < 2 || sides > 3)
        return Error{ErrorCode::InvalidArgument, "give two or three devices, as in --backends cpu,vulkan:0", {}};
    if (!fits(options.models.size()) || !fits(options.profiles.size()) || !fits(options.packings.size()))
        return Error{
            ErrorCode::InvalidArgument, "give one --model, --profiles or --packings for all devices, or one for each", {}};
    return {};
}

ComparisonSide sideOf(const Options& options, const std::vector<ModelOptions::Opened>& opened, std::size_t side) {
    ComparisonSide made;
    made.backend = options.backends[side];
    made.model = of(opened, side)->checkpoint.model;
    made.modelPath = modelPath(*of(options.models, side));
    if (const auto* profile = of(options.profiles, side))
        made.profile = *profile == "fixed" ? Profile::Fixed : *profile == "float" ? Profile::Float : Profile::Auto;
    if (const auto* packing = of(options.packings, side))
        made.packing = *packing == "dense" ? Packing::Dense : *packing == "2bit" ? Packing::TwoBit : Packing::Auto;
    return made;
}

Result<nlohmann::ordered_json> run(Options& options, const Context& context) {
    TERNION_CHECK(checkCounts(options));
    TERNION_CHECK(options.prompt.check());
    options.plan.feeding = options.ownText ? Feeding::OwnText : Feeding::FirstSide;
    options.plan.threshold = options.threshold;
    for (const std::string& backend : options.backends) TERNION_CHECK(context.registry.find(backend));

    std::vector<ModelOptions::Opened> opened;
    for (const auto& path : options.models) {
        ModelOptions model;
        model.model = path;
        TERNION_TRY(auto one, model.openWithoutDevice(context));
        opened.push_back(std::move(one));
    }
    TERNION_TRY(options.plan.prompt, options.prompt.tokens(opened.front()));
    ComparisonPlan plan;
    plan.lockstep = options.plan;
    plan.prompt = promptText(opened.front().tokenizer.get(), options.plan.prompt);
    plan.texts = !options.recording.noTexts;
    plan.restSeconds = options.restSeconds;
    for (std::size_t k = 0; k < options.backends.size(); ++k) plan.sides.push_back(sideOf(options, opened, k));
    TERNION_TRY(const auto sides, loadSides(context.registry, plan, context.progress()));
    const auto store = options.recording.open();

    const std::size_t all = options.plan.prompt.size() + static_cast<std::size_t>(options.plan.tokens);
    const Progress progress = context.progress();
    LockstepListener listener;
    listener.stepped = [&](int side, const std::shared_ptr<const SideStep>& step) {
        if (side == 0) progress.tell("Comparing", static_cast<double>(step->position + 1) / static_cast<double>(all));
    };
    TERNION_TRY(const auto report, recordComparison(sides, plan, listener, context.armInterrupt(), store.get()));
    const std::string page = toMarkdown(report);
    if (!options.report.empty()) TERNION_CHECK(AtomicFile::writeText(options.report, page));
    if (!context.json) std::cout << page;
    return nlohmann::ordered_json::parse(toJson(report));
}

}  // namespace

Run setupCompare(CLI::App& app, Context& context) {
    auto options = std::make_shared<Options>();
    app.add_option("-m,--model", options->models,
                   "A Hugging Face folder or a GGUF file; several times: one for each device, of one shape")
        ->required();
    app.add_option("-b,--backends", options->backends,
                   "Two or three devices, separated by commas; the others are compared with the first")
        ->delimiter(',')
        ->required();
    app.add_option("--profiles", options->profiles, "Arithmetic of each: float, fixed, or auto")
        ->delimiter(',')
        ->check(CLI::IsMember({"auto", "float", "fixed"}));
    app.add_option("--packings", options->packings, "Packing of each: auto, 2bit, or dense")
        ->delimiter(',')
        ->check(CLI::IsMember({"auto", "2bit", "dense"}));
    options->prompt.addTo(app);
    app.add_option("-n,--max-tokens", options->plan.tokens, "Tokens after the prompt")->check(from(0))->capture_default_str();
    addSampler(app, options->plan.sampler);
    app.add_flag("--own-text", options->ownText, "Each device goes on with its own text, not with the first one's");
    app.add_option("--threshold", options->threshold,
                   "Differences up to here are none; without it 0 where the arithmetic is the same");
    app.add_flag("--stop", options->plan.stopAtDivergence, "Stop at the first difference over the threshold");
    constexpr double aDay = 86400.0;
    app.add_option("--rest", options->restSeconds,
                   "Rest for so many seconds first, so that slow power sensors see what the idle devices take")
        ->check(CLI::Range(0.0, aDay));
    app.add_option("--report", options->report, "Write the page to this Markdown file too");
    options->recording.addTo(app, true);
    return [&context, options] { return run(*options, context); };
}

}  // namespace ternion::cli
