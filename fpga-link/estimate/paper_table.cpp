#include "estimate/paper_table.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "store/utc_time.h"

namespace ternion::fpga {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array models{"370M", "1.3B", "2.7B"};
constexpr const char* paper = "MatMul-free LM paper";
constexpr const char* paperSource = "arXiv 2406.02528";
constexpr double milli = 1e-3, mega = 1e6;

PaperValue none(std::string reason) { return {{}, {}, {}, std::move(reason)}; }

PaperRow missingRow(const char* model, const char* kind, std::string who, std::string device, const std::string& reason) {
    return {model, kind, std::move(who), std::move(device), none(reason), none(reason), none(reason), none(reason), {}};
}

// ---- Ours, of runs --------------------------------------------------------------------------------------------------------

PaperValue valueOf(const RunSummary& run, const char* name, double unit, const char* reasonOf) {
    if (const Figure* figure = run.figure(name)) return {figure->value * unit, figure->source, {}, {}};
    for (const auto& [missing, reason] : run.missing)
        if (missing == reasonOf) return none(reason);
    return none("the run has no such figure");
}

bool onGpu(const DeviceInfo& device) { return device.backend == "vulkan" && !device.software; }
bool onBoard(const DeviceInfo& device) { return device.backend == "fpga" && !device.software; }

const RunSummary* newest(const std::vector<RunSummary>& runs, const char* model, bool (*on)(const DeviceInfo&)) {
    const auto found = std::find_if(runs.begin(), runs.end(), [&](const RunSummary& run) {
        return run.facts.kind == "bench" && run.state == RunState::Finished && run.origin.empty() &&
               run.facts.model.path == std::string("preset:") + model && on(run.facts.device);
    });
    return found == runs.end() ? nullptr : &*found;
}

PaperRow rowOf(const RunSummary& run, const char* model, const char* kind) {
    constexpr std::int64_t milliseconds = 1000;
    const char* const energy = "energy_per_token";
    return {model,
            kind,
            "Ternion",
            run.facts.device.name,
            valueOf(run, "peak_device_bytes", 1.0, "peak_device_bytes"),
            valueOf(run, "decode_ms_p50", milli, "decode_ms_p50"),
            valueOf(run, "mean_power", 1.0, energy),  // what tells the one tells the other
            valueOf(run, energy, 1.0, energy),
            "run " + std::to_string(run.id) + ", " + utcTime(run.startedAt / milliseconds, "%Y-%m-%d") + ", " +
                run.facts.program + ", " + run.facts.packing + ", random trits"};
}

// ---- Ours, modelled -------------------------------------------------------------------------------------------------------

PaperValue modelled(const Range& range) { return {range.typical, Source::Modelled, range, {}}; }

PaperRow rowOf(const ProjectionRow& row, const char* model) {
    if (!row.missing.empty()) return missingRow(model, "FPGA", "Ternion", row.board, row.missing);
    const Range& speed = row.tokensPerSecond;
    return {model,
            "FPGA",
            "Ternion",
            row.board,
            {row.imageBytes, ProjectionRow::source, {}, {}},
            modelled({1.0 / speed.high, 1.0 / speed.typical, 1.0 / speed.low}),
            modelled(row.watts),
            modelled(row.joulesPerToken),
            "the projection of a board that nobody here has (`ternion-cli projection`)"};
}

// ---- Published ------------------------------------------------------------------------------------------------------------

PaperValue published(const std::optional<double>& value, const char* what) {
    if (value) return {value, {}, {}, {}};
    return none(std::string("no published ") + what + " is known here");
}

PaperRow rowOf(const PublishedRow& row, const char* model) {
    PaperValue latency = published(std::nullopt, "latency");
    if (row.severalSequences)
        latency = none("its tokens a second are of several sequences at once");
    else if (row.tokensPerSecond)
        latency = published(1.0 / *row.tokensPerSecond, "latency");
    return {model,
            "FPGA",
            row.who,
            row.device,
            published(std::nullopt, "memory"),
            std::move(latency),
            published(row.watts, "power"),
            published(row.joulesPerToken(), "energy"),
            row.source + "; " + row.note + "; a token's time and energy computed from tokens a second"};
}

PaperRow paperOnGpu(const char* model) {
    const std::string drawn = "the paper draws it (figure 4); no number of it is known here";
    PaperRow row = missingRow(model, "GPU", paper, "a GPU", drawn);
    row.power = row.energy = none("no published figure is known here");
    row.origin = paperSource;
    return row;
}

// ---- Text -----------------------------------------------------------------------------------------------------------------

std::string digits(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.3g", value);
    std::string shown = text.data();
    if (shown.find("e+") == std::string::npos) return shown;
    std::snprintf(text.data(), text.size(), "%.0f", value);
    return text.data();
}

/// Reasons by number, each once.
class Footnotes {
public:
    std::string mark(const std::string& reason) {
        auto found = std::find(reasons_.begin(), reasons_.end(), reason);
        if (found == reasons_.end()) found = reasons_.insert(found, reason);
        return "[" + std::to_string(found - reasons_.begin() + 1) + "]";
    }
    std::string text() const {
        std::string text;
        for (std::size_t k = 0; k < reasons_.size(); ++k) text += "- [" + std::to_string(k + 1) + "] " + reasons_[k] + "\n";
        return text;
    }

private:
    std::vector<std::string> reasons_;
};

std::string shown(const PaperValue& value, double unit, const char* name, Footnotes& notes) {
    if (!value.value) return "missing " + notes.mark(value.missing);
    std::string text = digits(*value.value / unit);
    if (value.range) text += " (" + digits(value.range->low / unit) + " to " + digits(value.range->high / unit) + ")";
    return text + " " + name + ", " + std::string(value.sourceName());
}

Json json(const PaperValue& value) {
    if (!value.value) return {{"missing", value.missing}};
    Json out{{"value", *value.value}, {"source", value.sourceName()}};
    if (value.range) out.update({{"low", value.range->low}, {"high", value.range->high}});
    return out;
}

}  // namespace

Result<PaperTable> paperTable(const std::vector<RunSummary>& runs, const AreaTable& areas) {
    TERNION_TRY(const auto projection, project(areas));
    PaperTable table;
    for (const char* model : models) {
        if (const auto* run = newest(runs, model, onGpu))
            table.rows.push_back(rowOf(*run, model, "GPU"));
        else
            table.rows.push_back(missingRow(model, "GPU", "Ternion", "-",
                                            std::string("no benchmark of it on a GPU has ended here: `ternion-cli bench "
                                                        "--preset ") +
                                                model + " --backend vulkan:0 --energy 12` makes one"));
        table.rows.push_back(paperOnGpu(model));
        if (const auto* run = newest(runs, model, onBoard)) table.rows.push_back(rowOf(*run, model, "FPGA"));
        for (const ProjectionRow& row : projection.rows)
            if (row.model == model) table.rows.push_back(rowOf(row, model));
        const auto ofPaper = [&](const PublishedRow& row) { return row.who == paper && row.model == model; };
        if (std::none_of(projection.published.begin(), projection.published.end(), ofPaper)) {
            table.rows.push_back(
                missingRow(model, "FPGA", paper, "Intel D5005, 60 MHz", "no published figure of this size is known here"));
            table.rows.back().origin = paperSource;
        }
        for (const PublishedRow& row : projection.published)
            if (row.model == model) table.rows.push_back(rowOf(row, model));
    }
    return table;
}

std::string toMarkdown(const PaperTable& table) {
    Footnotes notes;
    std::string text =
        "# Memory, latency, power and energy of the published models\n\n"
        "Batch 1. Each value says where it comes from: measured here; vendor-estimate, what a sensor's maker says; modelled, "
        "typical (low to high); or published by others.\n\n"
        "| model | on | whose | device | memory | latency a token | power | energy a token | from |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
    for (const PaperRow& row : table.rows) {
        const std::string memory = shown(row.memory, mega, "MB", notes), latency = shown(row.latency, milli, "ms", notes),
                          power = shown(row.power, 1.0, "W", notes), energy = shown(row.energy, milli, "mJ", notes);
        for (const std::string& cell : {row.model, row.kind, row.who, row.device, memory, latency, power, energy,
                                        row.origin.empty() ? std::string("-") : row.origin})
            text += "| " + cell + " ";
        text += "|\n";
    }
    const std::string reasons = notes.text();
    return reasons.empty() ? text : text + "\nWhy values are missing:\n\n" + reasons;
}

std::string toJson(const PaperTable& table) {
    Json rows = Json::array();
    for (const PaperRow& row : table.rows)
        rows.push_back({{"model", row.model},
                        {"on", row.kind},
                        {"who", row.who},
                        {"device", row.device},
                        {"memory_bytes", json(row.memory)},
                        {"latency_s", json(row.latency)},
                        {"power_W", json(row.power)},
                        {"energy_per_token_J", json(row.energy)},
                        {"origin", row.origin}});
    return Json{{"rows", std::move(rows)}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ternion::fpga
