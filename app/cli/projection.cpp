#include "estimate/projection.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>

#include "command.h"

namespace ternion::cli {
namespace {

using fpga::Range;

constexpr double percent = 100.0, milli = 1e-3;
constexpr const char* published = "published";

std::string digits(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.3g", value);
    std::string shown = text.data();
    if (shown.find("e+") == std::string::npos) return shown;
    std::snprintf(text.data(), text.size(), "%.0f", value);
    return text.data();
}

std::string shown(const Range& range, double unit = 1.0) {
    return digits(range.typical / unit) + " (" + digits(range.low / unit) + " to " + digits(range.high / unit) + ")";
}
std::string shown(const std::optional<double>& value, double unit = 1.0) { return value ? digits(*value / unit) : "-"; }

std::string nameOf(const fpga::Configuration& c) {
    return std::to_string(c.lanes) + "/" + std::to_string(c.groups) + "/" + (c.dense ? "1" : "0");
}

nlohmann::ordered_json json(const Range& range) {
    return {{"low", range.low}, {"typical", range.typical}, {"high", range.high}};
}
nlohmann::ordered_json json(const fpga::Area& area) {
    return {{"lut", area.luts}, {"ff", area.flipFlops}, {"block_ram_18k", area.blockRams}, {"dsp", area.dsps}};
}

nlohmann::ordered_json json(const fpga::ProjectionRow& row) {
    nlohmann::ordered_json out{{"model", row.model}, {"board", row.board}, {"source", nameOf(row.source)}};
    if (!row.missing.empty()) {
        out["missing"] = row.missing;
        return out;
    }
    const fpga::PowerEstimate& power = row.power;
    out.update({{"lanes", row.configuration.lanes},
                {"groups", row.configuration.groups},
                {"dense", row.configuration.dense},
                {"vector_words", row.configuration.vectorWords},
                {"code_words", row.configuration.codeWords},
                {"area", json(row.area.total())},
                {"area_scaled_from", row.area.scaledFrom},
                {"fpga_filled", row.mostFilled},
                {"image_bytes", row.imageBytes},
                {"cycles", row.cycles.total},
                {"array_cycles", row.cycles.array},
                {"stream_stalls", row.cycles.streamStalls},
                {"bandwidth_Bps", row.bandwidthUsed},
                {"bound", row.memoryBound ? "memory" : "array"},
                {"tok_s", json(row.tokensPerSecond)},
                {"power_W", json(row.watts)},
                {"energy_per_token_J", json(row.joulesPerToken)},
                {"power_parts_W",
                 {{"rest", json(power.rest)},
                  {"clock", json(power.clock)},
                  {"array_logic", json(power.arrayLogic)},
                  {"other_logic", json(power.otherLogic)},
                  {"block_ram", json(power.blockRam)},
                  {"dsp", json(power.dsp)},
                  {"memory", json(power.memory)}}}});
    return out;
}

nlohmann::ordered_json json(const fpga::PublishedRow& row) {
    nlohmann::ordered_json out{{"who", row.who}, {"device", row.device}, {"model", row.model}, {"source", published}};
    if (row.tokensPerSecond) out["tok_s"] = *row.tokensPerSecond;
    if (row.watts) out["power_W"] = *row.watts;
    if (const auto joules = row.joulesPerToken()) out["energy_per_token_J"] = *joules;
    out["note"] = row.note;
    out["published_in"] = row.source;
    return out;
}

void print(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths(rows[0].size(), 0);
    for (const auto& row : rows)
        for (std::size_t k = 0; k < row.size(); ++k) widths[k] = std::max(widths[k], row[k].size());
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t k = 0; k < row.size(); ++k) line += row[k] + std::string(widths[k] - row[k].size() + 2, ' ');
        line.erase(line.find_last_not_of(' ') + 1);
        std::cout << line << "\n";
    }
}

void print(const fpga::Projection& projection) {
    std::vector<std::vector<std::string>> rows{
        {"source", "model", "on", "built as", "fills", "bound by", "tok/s", "W", "mJ/token"}};
    rows.reserve(projection.rows.size() + projection.published.size() + 1);
    for (const auto& row : projection.rows) {
        if (!row.missing.empty())
            rows.push_back({std::string(nameOf(row.source)), row.model, row.board, "-", "-", "-", row.missing, "-", "-"});
        else
            rows.push_back({std::string(nameOf(row.source)), row.model, row.board, nameOf(row.configuration),
                            digits(row.mostFilled * percent) + " %", row.memoryBound ? "memory" : "array",
                            shown(row.tokensPerSecond), shown(row.watts), shown(row.joulesPerToken, milli)});
    }
    for (const auto& row : projection.published)
        rows.push_back({published, row.model, row.who + ": " + row.device, "-", "-", "-", shown(row.tokensPerSecond),
                        shown(row.watts), shown(row.joulesPerToken(), milli)});
    std::cout << "Boards that nobody here has. Modelled: typical (low to high). Built as: LANES/GROUPS/DENSE.\n\n";
    print(rows);

    std::cout << "\nWhat is published:\n";
    for (const auto& row : projection.published)
        std::cout << "  " << row.who << ", " << row.model << ": " << row.source << "; " << row.note << "\n";
    std::cout << "\nWhat is assumed:\n";
    for (const auto& one : projection.assumptions) {
        const Range& value = one.value;
        const bool exact = value.low == value.high;
        std::cout << "  " << one.name << ": " << (exact ? digits(value.typical) : shown(value))
                  << (one.unit.empty() ? "" : " " + one.unit) << " - " << one.source << "\n";
    }
}

}  // namespace

Run setupProjection(CLI::App&, Context& context) {
    return [&context]() -> Result<nlohmann::ordered_json> {
        TERNION_TRY(const auto areas, fpga::AreaTable::builtIn());
        TERNION_TRY(const auto projection, fpga::project(areas));
        if (!context.json) print(projection);
        nlohmann::ordered_json rows = nlohmann::ordered_json::array(), others = nlohmann::ordered_json::array(),
                               assumptions = nlohmann::ordered_json::array();
        for (const auto& row : projection.rows) rows.push_back(json(row));
        for (const auto& row : projection.published) others.push_back(json(row));
        for (const auto& one : projection.assumptions)
            assumptions.push_back({{"name", one.name}, {"value", json(one.value)}, {"unit", one.unit}, {"source", one.source}});
        return nlohmann::ordered_json{{"rows", rows}, {"published", others}, {"assumptions", assumptions}};
    };
}

}  // namespace ternion::cli
