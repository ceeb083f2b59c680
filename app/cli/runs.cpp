#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>

#include "command.h"
#include "run_json.h"
#include "store/utc_time.h"
#include "store_options.h"

namespace ternion::cli {
namespace {

struct RunsOptions {
    StoreOptions store;
    std::vector<std::string> filter;
};

/// A figure in few digits, with its source where it was not measured; "-" where there is none.
std::string shown(const RunSummary& run, const char* name) {
    const Figure* figure = run.figure(name);
    if (figure == nullptr) return "-";
    std::array<char, 32> digits{};
    std::snprintf(digits.data(), digits.size(), "%.4g", figure->value);
    std::string text = digits.data();
    if (figure->source != Source::Measured) text += " (" + std::string(nameOf(figure->source)) + ")";
    return text;
}

std::string joined(const std::vector<std::string>& words, char separator) {
    std::string all;
    for (const std::string& word : words) all += (all.empty() ? "" : std::string(1, separator)) + word;
    return all;
}

void print(const std::vector<RunSummary>& runs) {
    constexpr std::int64_t milliseconds = 1000;
    std::vector<std::vector<std::string>> rows{{"run", "started (UTC)", "kind", "state", "model", "device", "packing",
                                                "decode tok/s", "prefill tok/s", "J/token", "tags"}};
    rows.reserve(runs.size() + 1);
    for (const RunSummary& run : runs)
        rows.push_back({std::to_string(run.id), utcTime(run.startedAt / milliseconds, "%Y-%m-%d %H:%M:%S"),
                        run.facts.kind + (run.origin.empty() ? "" : " (foreign)"), std::string(nameOf(run.state)),
                        run.facts.model.name, run.facts.device.id(), run.facts.packing, shown(run, "decode_tok_s"),
                        shown(run, "prefill_tok_s"), shown(run, "energy_per_token"), joined(run.tags, ',')});
    std::vector<std::size_t> widths(rows[0].size(), 0);
    for (const auto& row : rows)
        for (std::size_t k = 0; k < row.size(); ++k) widths[k] = std::max(widths[k], row[k].size());
    for (auto& row : rows) {
        std::string line;
        for (std::size_t k = 0; k < row.size(); ++k) line += row[k] + std::string(widths[k] - row[k].size() + 2, ' ');
        line.erase(line.find_last_not_of(' ') + 1);
        std::cout << line << "\n";
    }
}

Result<nlohmann::ordered_json> runRuns(const RunsOptions& options, const Context& context) {
    TERNION_TRY(const auto reader, options.store.reader());
    TERNION_TRY(const auto runs, reader->list(joined(options.filter, ' ')));
    if (!context.json) print(runs);
    auto rows = nlohmann::ordered_json::array();
    for (const RunSummary& run : runs) rows.push_back(toJson(run));
    return nlohmann::ordered_json{{"rows", std::move(rows)}};
}

}  // namespace

Run setupRuns(CLI::App& app, Context& context) {
    auto options = std::make_shared<RunsOptions>();
    app.add_option("FILTER", options->filter, "Words that must all be found in model, device, kind, state, tags or note");
    options->store.addTo(app);
    return [&context, options] { return runRuns(*options, context); };
}

}  // namespace ternion::cli
