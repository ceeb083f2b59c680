#include "compare/comparison_report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <utility>

#include "base/percentile.h"
#include "measure/source.h"
#include "runs/run_facts.h"

namespace ternion {
namespace {

using Json = nlohmann::ordered_json;

template <class... Values>
std::string format(const char* pattern, Values... values) {
    char text[600];
    std::snprintf(text, sizeof text, pattern, values...);
    return text;
}

/// Of what was measured of each token: those after the prompt; the prompt's where none came after it.
template <class Value>
std::span<const Value> afterPrompt(const std::vector<Value>& all, std::size_t prompt) {
    return all.size() > prompt ? std::span(all).subspan(prompt) : std::span(all);
}

std::string millisecondsText(const std::optional<double>& seconds) { return seconds ? format("%.3f ms", 1e3 * *seconds) : "-"; }

std::string ratioText(const std::optional<double>& value, const std::optional<double>& first) {
    return value && first && *first > 0.0 ? format("%.3g", *value / *first) : "-";
}

/// Of a layer: its largest difference, and in which tensor.
struct LayerDifference {
    float maxAbs = 0.0F, relative = 0.0F;
    TraceRequest::Item item;
    int channel = 0;
};
std::vector<LayerDifference> layersOf(const ComparisonSummary& summary, const std::vector<TraceRequest::Item>& items) {
    std::vector<LayerDifference> layers;
    for (std::size_t k = 0; k < summary.worst.size(); ++k) {
        const auto layer = static_cast<std::size_t>(items[k].layer);
        if (layers.size() <= layer) layers.resize(layer + 1);
        LayerDifference& at = layers[layer];
        at.relative = std::max(at.relative, summary.worst[k].relative);
        if (summary.worst[k].maxAbs <= at.maxAbs && at.maxAbs > 0.0F) continue;
        at.maxAbs = summary.worst[k].maxAbs;
        at.item = items[k];
        at.channel = summary.worst[k].channel;
    }
    return layers;
}

std::vector<TraceRequest::Item> itemsOf(const ComparisonReport& report) {
    ModelConfig shape;
    for (const ComparisonSummary& comparison : report.result.comparisons) {
        const std::size_t tensors = report.plan.tensors.empty() ? traceTensors : report.plan.tensors.size();
        shape.numLayers = std::max(shape.numLayers, static_cast<int>(comparison.worst.size() / tensors));
    }
    return lockstepItems(report.plan, shape);
}

void addSides(const ComparisonReport& report, std::string& text) {
    text +=
        "| side | device | profile | packing | tokens | wall time a token, measured | ratio | by its clock | source | ratio |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
    const auto firstWall = wallSeconds(report, 0);
    const auto firstClock = clockSeconds(report, 0);
    for (std::size_t k = 0; k < report.sides.size(); ++k) {
        const SideFacts& facts = report.sides[k];
        const auto wall = wallSeconds(report, k);
        const auto clock = clockSeconds(report, k);
        text += "| " + letterOf(k) + " | " + facts.device.id() + " " + facts.device.name + " | " +
                std::string(nameOf(facts.profile)) + " | " + std::string(nameOf(facts.packing)) +
                format(" | %zu | ", report.result.sides[k].tokens.size()) + millisecondsText(wall) + " | " +
                ratioText(wall, firstWall) + " | " +
                (clock ? millisecondsText(clock->seconds) + " | " + std::string(nameOf(clock->source)) : "- | -") + " | " +
                (clock && firstClock ? ratioText(clock->seconds, firstClock->seconds) : "-") + " |\n";
    }
    for (std::size_t k = 0; k < report.sides.size(); ++k)
        if (report.sides[k].device.backend == "fpga" && report.sides[k].device.software)
            text += "\nSide " + letterOf(k) + " is simulated: its wall time is the simulation's, not the board's.\n";
    for (std::size_t k = 0; k < report.sides.size(); ++k)
        if (report.result.sides[k].error)
            text += "\nSide " + letterOf(k) + " ended early: " + report.result.sides[k].error->text() + "\n";
}

/// "0.5 J (vendor-estimate)"
std::string shown(const SideFacts& side, const char* name) {
    const Figure* figure = side.figure(name);
    if (figure == nullptr) return "missing";
    return format("%.3g ", figure->value) + figure->unit + " (" + std::string(nameOf(figure->source)) + ")";
}

/// Of values that come from the same kind of source.
std::string ratio(const SideFacts& side, const SideFacts& first, const char* name) {
    const Figure* figure = side.figure(name);
    const Figure* other = first.figure(name);
    if (figure == nullptr || other == nullptr || figure->source != other->source) return "-";
    return ratioText(figure->value, other->value);
}

void addCosts(const ComparisonReport& report, std::string& text) {
    constexpr std::array<std::pair<const char*, const char*>, 3> told{
        {{"mean_power", "power"},
         {"energy_per_token", "energy a token"},
         {"energy_per_token_above_idle", "energy a token above idle"}}};
    text +=
        "\n| side | device memory, measured | ratio | power | energy a token | ratio | energy a token above idle | ratio |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- |\n";
    const auto bytes = [&](std::size_t side) { return static_cast<double>(report.result.sides[side].memory.total()); };
    const SideFacts& first = report.sides.front();
    for (std::size_t k = 0; k < report.sides.size(); ++k) {
        const SideFacts& side = report.sides[k];
        text += "| " + letterOf(k) + format(" | %.1f MB | ", bytes(k) / 1e6) + ratioText(bytes(k), bytes(0)) + " | " +
                shown(side, told[0].first);
        for (const auto& [name, words] : std::span(told).subspan(1))
            text += " | " + shown(side, name) + " | " + ratio(side, first, name);
        text += " |\n";
    }
    text += "\n";
    for (std::size_t k = 0; k < report.sides.size(); ++k) {
        std::vector<std::pair<std::string, std::string>> missing;  // a reason and what lacks by it
        for (const auto& [name, words] : told) {
            const std::string reason = report.sides[k].reason(name);
            if (report.sides[k].figure(name) != nullptr || reason.empty()) continue;
            const auto same =
                std::find_if(missing.begin(), missing.end(), [&](const auto& one) { return one.first == reason; });
            if (same != missing.end())
                same->second += std::string(", ") + words;
            else
                missing.emplace_back(reason, words);
        }
        for (const auto& [reason, words] : missing)
            text.append("- Side ").append(letterOf(k)).append(", ").append(words).append(": ").append(reason).append(".\n");
    }
}

void addComparison(const ComparisonReport& report, const ComparisonSummary& summary, std::string& text) {
    text += "\n## Side " + letterOf(static_cast<std::size_t>(summary.side)) + " against side A\n\n";
    if (summary.compared == 0) {
        text += "No token was compared.\n";
        return;
    }
    text += format(
        "%d tokens compared. Largest difference %.6g; logits %.6g; KL of the next token %.3g nats in the mean, %.3g at most; "
        "the same token first in %.2f %%.\n\n",
        summary.compared, static_cast<double>(summary.maxAbs()), static_cast<double>(summary.logitsMaxAbs), summary.meanKl,
        summary.maxKl, 100.0 * summary.top1Agreement());
    text += summary.divergence ? "First divergence: " + describe(*summary.divergence) + ".\n"
                               : std::string("No divergence over the threshold.\n");
    if (summary.maxAbs() == 0.0F) return;
    text += "\n| layer | largest difference | relative | in | channel |\n| --- | --- | --- | --- | --- |\n";
    const auto layers = layersOf(summary, itemsOf(report));
    for (std::size_t l = 0; l < layers.size(); ++l)
        text += format("| %zu | %.6g | %.3g | ", l, static_cast<double>(layers[l].maxAbs),
                       static_cast<double>(layers[l].relative)) +
                std::string(nameOf(layers[l].item.tensor)) + format(" | %d |\n", layers[l].channel);
}

Json toJson(const Divergence& divergence) {
    Json json{{"position", divergence.position}};
    json["layer"] = divergence.item ? Json(divergence.item->layer) : Json();
    json["tensor"] = divergence.item ? nameOf(divergence.item->tensor) : "logits";
    json["channel"] = divergence.channel;
    json["first"] = divergence.first;
    json["other"] = divergence.other;
    json["text"] = describe(divergence);
    return json;
}

Json toJson(const ComparisonSummary& summary, const std::vector<TraceRequest::Item>& items) {
    auto layers = Json::array();
    const auto found = layersOf(summary, items);
    for (std::size_t l = 0; l < found.size(); ++l)
        layers.push_back({{"layer", l},
                          {"max_abs", found[l].maxAbs},
                          {"relative", found[l].relative},
                          {"tensor", nameOf(found[l].item.tensor)},
                          {"channel", found[l].channel}});
    const auto whereCompared = [&](double value) { return summary.compared == 0 ? Json() : Json(value); };
    return {{"side", summary.side},
            {"compared", summary.compared},
            {"first_divergence", summary.divergence ? toJson(*summary.divergence) : Json()},
            {"max_abs", whereCompared(static_cast<double>(summary.maxAbs()))},
            {"logits_max_abs", whereCompared(static_cast<double>(summary.logitsMaxAbs))},
            {"kl", whereCompared(summary.meanKl)},
            {"kl_max", whereCompared(summary.maxKl)},
            {"top1_agreement", whereCompared(summary.top1Agreement())},
            {"per_layer", std::move(layers)}};
}

Json sideJson(const ComparisonReport& report, std::size_t index) {
    const SideFacts& facts = report.sides[index];
    const SideResult& side = report.result.sides[index];
    Json json{{"backend", facts.device.id()},    {"device", facts.device.name},
              {"driver", facts.device.driver},   {"model", facts.model},
              {"model_hash", facts.modelHash},   {"profile", nameOf(facts.profile)},
              {"packing", nameOf(facts.packing)}};
    if (facts.run != 0) json["run"] = facts.run;
    if (!side.tokens.empty()) json["ids"] = side.tokens;
    if (const auto wall = wallSeconds(report, index)) json["wall_ms_p50"] = 1e3 * *wall;
    json["device_bytes"] = side.memory.total();
    if (const auto clock = clockSeconds(report, index)) {
        json["clock_ms_p50"] = 1e3 * clock->seconds;
        json["clock_source"] = nameOf(clock->source);
    }
    if (side.error) json["error"] = side.error->text();
    json["figures"] = Json::object();
    json["missing"] = Json::object();
    for (const Figure& figure : facts.figures)
        json["figures"][figure.name] = {{"value", figure.value}, {"unit", figure.unit}, {"source", nameOf(figure.source)}};
    for (const auto& [name, reason] : facts.missing) json["missing"][name] = reason;
    return json;
}

/// What was asked, and by which program.
Json settingsJson(const ComparisonReport& report) {
    const LockstepPlan& plan = report.plan;
    const SamplerSettings& sampler = plan.sampler;
    Json json;
    if (report.id != 0) json["comparison"] = report.id;
    json.update({{"program", report.program}, {"date", report.date}});
    if (!report.prompt.empty()) json["prompt"] = report.prompt;
    json.update({{"prompt_tokens", plan.prompt.size()},
                 {"tokens", plan.tokens},
                 {"feeding", nameOf(plan.feeding)},
                 {"threshold", plan.threshold ? Json(*plan.threshold) : Json()},
                 {"stop_at_divergence", plan.stopAtDivergence},
                 {"temperature", sampler.temperature},
                 {"top_k", sampler.topK},
                 {"top_p", sampler.topP},
                 {"min_p", sampler.minP},
                 {"repetition_penalty", sampler.repetitionPenalty},
                 {"repetition_window", sampler.repetitionWindow},
                 {"seed", sampler.seed}});
    return json;
}

void addSettings(const ComparisonReport& report, std::string& text) {
    const SideFacts& first = report.sides.front();
    text += report.date + ", " + report.program + ". ";
    const bool oneModel = std::all_of(report.sides.begin(), report.sides.end(),
                                      [&](const SideFacts& side) { return side.modelHash == first.modelHash; });
    if (oneModel) {
        text += "Model " + first.model + " (" + first.modelHash + ").";
    } else {
        text += "Models:";
        for (std::size_t k = 0; k < report.sides.size(); ++k)
            text += (k > 0 ? ", " : " ") + letterOf(k) + " " + report.sides[k].model + " (" + report.sides[k].modelHash + ")";
        text += ".";
    }
    if (report.id != 0) {
        text += format(" Comparison %lld in the store", static_cast<long long>(report.id));
        for (std::size_t k = 0; k < report.sides.size(); ++k)
            text += std::string(k > 0 ? ", " : ": ") + letterOf(k) +
                    format(" is run %lld", static_cast<long long>(report.sides[k].run));
        text += ".";
    }
    text += "\n\n";
    if (!report.prompt.empty()) text += "Prompt: `" + report.prompt + "`\n\n";
    const auto& sampler = report.plan.sampler;
    text += format(
        "%zu prompt tokens and %d after them, %s; temperature %g, top-k %d, top-p %g, min-p %g, repetition penalty %g over %d, "
        "seed %llu. Each side ran on a thread of its own, token by token, and brought back all that is compared: the times of "
        "tokens include that.\n\n",
        report.plan.prompt.size(), report.plan.tokens,
        report.plan.feeding == Feeding::FirstSide ? "all sides fed side A's text" : "each side its own text",
        static_cast<double>(sampler.temperature), sampler.topK, static_cast<double>(sampler.topP),
        static_cast<double>(sampler.minP), static_cast<double>(sampler.repetitionPenalty), sampler.repetitionWindow,
        static_cast<unsigned long long>(sampler.seed));
    if (report.plan.threshold) text += format("Differences up to %g are none. ", *report.plan.threshold);
    if (report.plan.stopAtDivergence) text += "It was to stop at the first divergence. ";
    if (report.result.stopped) text += "It was stopped.";
    if (report.plan.threshold || report.plan.stopAtDivergence || report.result.stopped) text += "\n\n";
}

}  // namespace

std::string_view nameOf(Feeding feeding) { return feeding == Feeding::FirstSide ? "first-side" : "own-text"; }

SideFacts SideFacts::of(const DeviceModel& device, std::string modelHash) {
    const Model& model = device.model();
    if (modelHash.empty()) modelHash = model.hash();
    return {device.device(), model.name, std::move(modelHash), device.packing(), device.profile()};
}

const Figure* SideFacts::figure(std::string_view name) const {
    const auto found = std::find_if(figures.begin(), figures.end(), [&](const Figure& figure) { return figure.name == name; });
    return found == figures.end() ? nullptr : &*found;
}

std::string SideFacts::reason(std::string_view name) const {
    for (const auto& [missingName, reason] : missing)
        if (missingName == name) return reason;
    // What follows from the energy is missing with it.
    return name == "mean_power" && figure(name) == nullptr ? reason("energy_per_token") : std::string();
}

std::optional<double> wallSeconds(const ComparisonReport& report, std::size_t side) {
    const auto& all = report.result.sides[side].seconds;
    if (all.empty()) return std::nullopt;
    const auto timed = afterPrompt(all, report.plan.prompt.size());
    return percentile({timed.begin(), timed.end()}, 0.5);
}

std::optional<ClockSeconds> clockSeconds(const ComparisonReport& report, std::size_t side) {
    const auto& all = report.result.sides[side].cycles;
    if (all.empty()) return std::nullopt;
    const auto timed = afterPrompt(all, report.plan.prompt.size());
    std::vector<double> seconds;
    seconds.reserve(timed.size());
    for (const CycleCounts& token : timed) seconds.push_back(static_cast<double>(token.total) / token.clockHz);
    return ClockSeconds{percentile(std::move(seconds), 0.5), all.front().simulated ? Source::Modelled : Source::Measured};
}

std::string letterOf(std::size_t side) { return {static_cast<char>('A' + side)}; }

std::string toMarkdown(const ComparisonReport& report) {
    std::string text = "# Side by side\n\n";
    addSettings(report, text);
    addSides(report, text);
    addCosts(report, text);
    for (const ComparisonSummary& summary : report.result.comparisons) addComparison(report, summary, text);
    return text;
}

std::string toJson(const ComparisonReport& report) {
    const auto items = itemsOf(report);
    Json json = settingsJson(report);
    json.update({{"sides", Json::array()}, {"comparisons", Json::array()}});
    for (std::size_t k = 0; k < report.sides.size(); ++k) json["sides"].push_back(sideJson(report, k));
    for (const ComparisonSummary& summary : report.result.comparisons) json["comparisons"].push_back(toJson(summary, items));
    for (const char* key : {"first_divergence", "max_abs", "kl", "top1_agreement", "per_layer"})
        json[key] = json["comparisons"].front()[key];
    json["stopped"] = report.result.stopped;
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ternion
