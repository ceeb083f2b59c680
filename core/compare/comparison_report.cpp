#include "compare/comparison_report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/percentile.h"
#include "measure/source.h"
#include "runs/run_facts.h"

namespace ternion {
namespace {

using Json = nlohmann::ordered_json;

template <class... Values>
std::string format(const char* pattern, Values... values) {
    char text[400];
    std::snprintf(text, sizeof text, pattern, values...);
    return text;
}

double medianSeconds(const SideResult& side) { return side.seconds.empty() ? 0.0 : percentile(side.seconds, 0.5); }

/// Seconds a token by the device's clock; nothing where it counts no cycles.
std::optional<double> clockSeconds(const SideResult& side) {
    if (side.cycles.empty()) return std::nullopt;
    std::vector<double> seconds;
    seconds.reserve(side.cycles.size());
    for (const CycleCounts& token : side.cycles) seconds.push_back(static_cast<double>(token.total) / token.clockHz);
    return percentile(std::move(seconds), 0.5);
}

const char* sourceOfClock(const SideResult& side) {
    return nameOf(side.cycles.front().simulated ? Source::Modelled : Source::Measured).data();
}

std::string ratio(double value, double first) { return first > 0.0 ? format("%.3g", value / first) : std::string("-"); }

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
        "| side | device | profile | packing | tokens | wall time a token, measured | ratio | by its clock | source | ratio | "
        "memory |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
    const SideResult& first = report.result.sides.front();
    const auto firstClock = clockSeconds(first);
    for (std::size_t k = 0; k < report.sides.size(); ++k) {
        const SideFacts& facts = report.sides[k];
        const SideResult& side = report.result.sides[k];
        const auto clock = clockSeconds(side);
        text += format("| %c | ", static_cast<int>('A' + k)) + facts.device.id() + " " + facts.device.name + " | " +
                std::string(nameOf(facts.profile)) + " | " + std::string(nameOf(facts.packing)) +
                format(" | %zu | %.3f ms | ", side.tokens.size(), 1e3 * medianSeconds(side)) +
                ratio(medianSeconds(side), medianSeconds(first)) + " | " +
                (clock ? format("%.3f ms | %s | ", 1e3 * *clock, sourceOfClock(side)) +
                             (firstClock ? ratio(*clock, *firstClock) : "-")
                       : "- | - | -") +
                format(" | %.1f MB |\n", static_cast<double>(side.memory.total()) / 1e6);
    }
    for (std::size_t k = 0; k < report.sides.size(); ++k)
        if (report.result.sides[k].error)
            text += format("\nSide %c ended early: ", static_cast<int>('A' + k)) + report.result.sides[k].error->text() + "\n";
}

void addComparison(const ComparisonReport& report, const ComparisonSummary& summary, std::string& text) {
    text += format("\n## Side %c against side A\n\n", 'A' + summary.side);
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
    return {{"side", summary.side},
            {"compared", summary.compared},
            {"first_divergence", summary.divergence ? toJson(*summary.divergence) : Json()},
            {"max_abs", summary.maxAbs()},
            {"kl", summary.meanKl},
            {"kl_max", summary.maxKl},
            {"top1_agreement", summary.top1Agreement()},
            {"per_layer", std::move(layers)}};
}

Json toJson(const SideFacts& facts, const SideResult& side) {
    Json json{{"backend", facts.device.id()},
              {"device", facts.device.name},
              {"driver", facts.device.driver},
              {"model", facts.model},
              {"model_hash", facts.modelHash},
              {"profile", nameOf(facts.profile)},
              {"packing", nameOf(facts.packing)},
              {"ids", side.tokens},
              {"wall_ms_p50", 1e3 * medianSeconds(side)},
              {"device_bytes", side.memory.total()}};
    if (const auto clock = clockSeconds(side)) {
        json["clock_ms_p50"] = 1e3 * *clock;
        json["clock_source"] = sourceOfClock(side);
    }
    if (side.error) json["error"] = side.error->text();
    return json;
}

}  // namespace

SideFacts SideFacts::of(const DeviceModel& device) {
    return {device.device(), device.model().name, device.model().hash(), device.packing(), device.profile()};
}

std::string toMarkdown(const ComparisonReport& report) {
    std::string text = "# Side by side\n\n";
    text += report.date + ", " + report.program + ". Model " + report.sides.front().model + " (" +
            report.sides.front().modelHash + ").\n\n";
    if (!report.prompt.empty()) text += "Prompt: `" + report.prompt + "`\n\n";
    const auto& sampler = report.plan.sampler;
    text += format(
        "%zu prompt tokens and %d after them, %s; temperature %g, top-k %d, top-p %g, seed %llu. Each side ran on a thread of "
        "its own.\n\n",
        report.plan.prompt.size(), report.plan.tokens,
        report.plan.feeding == Feeding::FirstSide ? "all sides fed side A's text" : "each side its own text",
        static_cast<double>(sampler.temperature), sampler.topK, static_cast<double>(sampler.topP),
        static_cast<unsigned long long>(sampler.seed));
    if (report.plan.threshold) text += format("Differences up to %g are none.\n\n", *report.plan.threshold);
    addSides(report, text);
    for (const ComparisonSummary& summary : report.result.comparisons) addComparison(report, summary, text);
    return text;
}

std::string toJson(const ComparisonReport& report) {
    const auto items = itemsOf(report);
    Json json{{"sides", Json::array()}, {"comparisons", Json::array()}};
    for (std::size_t k = 0; k < report.sides.size(); ++k)
        json["sides"].push_back(toJson(report.sides[k], report.result.sides[k]));
    for (const ComparisonSummary& summary : report.result.comparisons) json["comparisons"].push_back(toJson(summary, items));
    for (const char* key : {"first_divergence", "max_abs", "kl", "top1_agreement", "per_layer"})
        json[key] = json["comparisons"].front()[key];
    json["stopped"] = report.result.stopped;
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ternion
