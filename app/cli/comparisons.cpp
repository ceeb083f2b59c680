#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>

#include "command.h"
#include "compare/comparison_history.h"
#include "store_options.h"

namespace ternion::cli {
namespace {

struct Options {
    StoreOptions store;
    std::optional<std::int64_t> baseline, remove;
};

/// A comparison, or why its report cannot be read.
struct Entry {
    ComparisonRecord record;
    Result<ComparisonOutline> outline = Error{};
    std::vector<Judgement> judged;  ///< empty: there is no baseline of the same sides
};

Status change(const Options& options) {
    if (!options.baseline && !options.remove) return {};
    TERNION_TRY(const auto store, options.store.open());
    if (options.baseline) TERNION_CHECK(store->setComparisonBaseline(*options.baseline));
    if (options.remove) TERNION_CHECK(store->removeComparison(*options.remove));
    return {};
}

Result<std::vector<Entry>> read(const Options& options) {
    TERNION_TRY(const auto reader, options.store.reader());
    TERNION_TRY(const auto records, reader->comparisons());
    std::vector<Entry> entries;
    entries.reserve(records.size());
    for (const ComparisonRecord& record : records) entries.push_back({record, ComparisonOutline::of(record), {}});
    const auto baseline = std::find_if(entries.begin(), entries.end(),
                                       [](const Entry& entry) { return entry.record.baseline && entry.outline.ok(); });
    if (baseline == entries.end()) return entries;
    for (Entry& entry : entries) {
        if (!entry.outline || entry.record.baseline) continue;
        if (auto judged = judge(*entry.outline, *baseline->outline)) entry.judged = *std::move(judged);
    }
    return entries;
}

std::string shown(const std::optional<double>& value) {
    if (!value) return "-";
    std::array<char, 32> digits{};
    std::snprintf(digits.data(), digits.size(), "%.4g", *value);
    return digits.data();
}

std::string joinedSides(const ComparisonOutline& outline) {
    std::string text;
    for (const SideOutline& side : outline.sides)
        text += (text.empty() ? "" : " | ") + side.backend + " " + side.profile + " " + side.packing;
    return text;
}

void print(const std::vector<Entry>& entries) {
    for (const Entry& entry : entries) {
        std::cout << entry.record.id << (entry.record.baseline ? " (baseline)" : "");
        if (!entry.outline) {
            std::cout << "  its report cannot be read: " << entry.outline.error().text() << "\n";
            continue;
        }
        const ComparisonOutline& outline = *entry.outline;
        std::cout << "  " << outline.date << "  " << outline.program << "  " << outline.sides.front().model << "  "
                  << joinedSides(outline) << (outline.stopped ? "  stopped" : "") << "\n";
        for (std::size_t k = 1; k < outline.sides.size(); ++k) {
            const TrendPoint point = pointOf(outline, k);
            std::cout << "    " << static_cast<char>('A' + k) << ": " << outline.differences[k - 1].compared
                      << " tokens, max_abs " << shown(point.maxAbs) << ", kl " << shown(point.kl) << ", top1 "
                      << shown(point.top1) << ", wall time x" << shown(point.wallRatio) << ", energy x"
                      << shown(point.energyRatio) << "\n";
            if (!outline.differences[k - 1].divergence.empty())
                std::cout << "       " << outline.differences[k - 1].divergence << "\n";
        }
        for (const Judgement& one : entry.judged)
            if (one.verdict != Judgement::Verdict::Same)
                std::cout << "    " << nameOf(one.verdict) << " than the baseline: " << static_cast<char>('A' + one.side) << " "
                          << one.what << " " << shown(one.before) << " became " << shown(one.now) << "\n";
    }
}

nlohmann::ordered_json toJson(const Entry& entry) {
    nlohmann::ordered_json json{
        {"comparison", entry.record.id}, {"runs", entry.record.runs}, {"baseline", entry.record.baseline}};
    // As it was printed then; or why it cannot be.
    auto report = nlohmann::ordered_json::parse(entry.record.report, nullptr, false);
    if (entry.outline)
        json["report"] = std::move(report);
    else
        json["error"] = entry.outline.error().text();
    json["judged"] = nlohmann::ordered_json::array();
    for (const Judgement& one : entry.judged)
        json["judged"].push_back({{"side", one.side},
                                  {"what", one.what},
                                  {"before", one.before},
                                  {"now", one.now},
                                  {"verdict", nameOf(one.verdict)}});
    return json;
}

Result<nlohmann::ordered_json> run(const Options& options, const Context& context) {
    TERNION_CHECK(change(options));
    TERNION_TRY(const auto entries, read(options));
    if (!context.json) print(entries);
    auto rows = nlohmann::ordered_json::array();
    for (const Entry& entry : entries) rows.push_back(toJson(entry));
    return nlohmann::ordered_json{{"rows", std::move(rows)}};
}

}  // namespace

Run setupComparisons(CLI::App& app, Context& context) {
    auto options = std::make_shared<Options>();
    app.add_option("--baseline", options->baseline, "Judge the others against this one from now on; 0: against none");
    app.add_option("--remove", options->remove, "Forget this one; its runs stay");
    options->store.addTo(app);
    return [&context, options] { return run(*options, context); };
}

}  // namespace ternion::cli
