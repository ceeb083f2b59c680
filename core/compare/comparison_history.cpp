#include "compare/comparison_history.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/json_fields.h"

namespace ternion {
namespace {

constexpr std::size_t mostSides = 16;

using Json = nlohmann::json;

/// A number that may be missing or null.
Status readNumber(const JsonFields& fields, const Json& json, const char* name, std::optional<double>& value) {
    if (!fields.has(name) || json[name].is_null()) return {};
    return fields.read(name, value.emplace());
}

/// A text that may be missing.
Status readText(const JsonFields& fields, const char* name, std::string& text) {
    if (!fields.has(name)) return {};
    return fields.read(name, text);
}

Result<Source> readSource(const JsonFields& fields, const char* name) {
    std::string text;
    TERNION_CHECK(fields.read(name, text));
    const auto source = sourceNamed(text);
    if (!source) return fields.bad(name, "measured, vendor-estimate or modelled");
    return *source;
}

Result<SideOutline> sideIn(const Json& json, std::string place) {
    TERNION_TRY(const auto fields, JsonFields::of(json, std::move(place)));
    SideOutline side;
    TERNION_CHECK(fields.read("backend", side.backend));
    TERNION_CHECK(fields.read("device", side.device));
    TERNION_CHECK(fields.read("model", side.model));
    TERNION_CHECK(fields.read("model_hash", side.modelHash));
    TERNION_CHECK(fields.read("profile", side.profile));
    TERNION_CHECK(fields.read("packing", side.packing));
    TERNION_CHECK(readText(fields, "error", side.error));
    TERNION_CHECK(readNumber(fields, json, "wall_ms_p50", side.wallMilliseconds));
    std::optional<double> clock;
    TERNION_CHECK(readNumber(fields, json, "clock_ms_p50", clock));
    if (clock) {
        TERNION_TRY(const auto source, readSource(fields, "clock_source"));
        side.clockMilliseconds = Figure{"clock_ms_p50", *clock, "ms", source};
    }
    constexpr const char* energy = "energy_per_token";
    if (fields.has("figures")) {
        TERNION_TRY(const auto figures, fields.object("figures"));
        if (figures.has(energy)) {
            TERNION_TRY(const auto figure, figures.object(energy));
            Figure& found = side.energy.emplace();
            found.name = energy;
            TERNION_CHECK(figure.read("value", found.value));
            TERNION_CHECK(figure.read("unit", found.unit));
            TERNION_TRY(found.source, readSource(figure, "source"));
        }
    }
    if (fields.has("missing")) {
        TERNION_TRY(const auto missing, fields.object("missing"));
        TERNION_CHECK(readText(missing, energy, side.energyMissing));
    }
    return side;
}

Result<DifferenceOutline> differenceIn(const Json& json, std::string place) {
    TERNION_TRY(const auto fields, JsonFields::of(json, std::move(place)));
    DifferenceOutline difference;
    TERNION_CHECK(fields.read("compared", difference.compared, 0));
    TERNION_CHECK(readNumber(fields, json, "max_abs", difference.maxAbs));
    TERNION_CHECK(readNumber(fields, json, "kl", difference.kl));
    TERNION_CHECK(readNumber(fields, json, "top1_agreement", difference.top1));
    // JSON has no infinity.
    if (!difference.maxAbs && difference.compared > 0) difference.maxAbs = std::numeric_limits<double>::infinity();
    if (fields.has("first_divergence") && !json["first_divergence"].is_null()) {
        TERNION_TRY(const auto first, fields.object("first_divergence"));
        TERNION_CHECK(first.read("text", difference.divergence));
    }
    return difference;
}

std::optional<double> ratioOf(const std::optional<double>& value, const std::optional<double>& first) {
    if (!value || !first || *first <= 0.0) return std::nullopt;
    return *value / *first;
}

std::optional<double> ratioOf(const std::optional<Figure>& value, const std::optional<Figure>& first) {
    if (!value || !first || value->source != first->source || first->value <= 0.0) return std::nullopt;
    return value->value / first->value;
}

}  // namespace

bool SideOutline::sameAs(const SideOutline& other) const {
    return backend == other.backend && device == other.device && modelHash == other.modelHash && profile == other.profile &&
           packing == other.packing;
}

Result<ComparisonOutline> ComparisonOutline::of(const ComparisonRecord& record) {
    const std::string place = "comparison " + std::to_string(record.id);
    TERNION_TRY(const auto json, parseJson(record.report, place));
    TERNION_TRY(const auto fields, JsonFields::of(json, place));
    ComparisonOutline outline{record.id, record.startedAt, record.runs, record.baseline, {}, {}, {}, {}};
    TERNION_CHECK(readText(fields, "program", outline.program));
    TERNION_CHECK(readText(fields, "date", outline.date));
    if (fields.has("stopped")) TERNION_CHECK(fields.read("stopped", outline.stopped));
    TERNION_CHECK(fields.forEach("sides", mostSides, [&](const Json& side, std::string at) -> Status {
        TERNION_TRY(auto one, sideIn(side, std::move(at)));
        outline.sides.push_back(std::move(one));
        return {};
    }));
    TERNION_CHECK(fields.forEach("comparisons", mostSides, [&](const Json& difference, std::string at) -> Status {
        TERNION_TRY(auto one, differenceIn(difference, std::move(at)));
        outline.differences.push_back(std::move(one));
        return {};
    }));
    if (outline.sides.size() < 2 || outline.differences.size() + 1 != outline.sides.size())
        return Error{ErrorCode::BadInput, "it has not as many differences as sides", place};
    return outline;
}

bool ComparisonOutline::sameSides(const ComparisonOutline& other) const {
    return std::equal(sides.begin(), sides.end(), other.sides.begin(), other.sides.end(),
                      [](const SideOutline& a, const SideOutline& b) { return a.sameAs(b); });
}

TrendPoint pointOf(const ComparisonOutline& outline, std::size_t side) {
    const DifferenceOutline& difference = outline.differences[side - 1];
    const SideOutline& first = outline.sides.front();
    const SideOutline& other = outline.sides[side];
    return {outline.id,
            outline.startedAt,
            outline.program,
            outline.baseline,
            difference.maxAbs,
            difference.kl,
            difference.top1,
            ratioOf(other.wallMilliseconds, first.wallMilliseconds),
            ratioOf(other.clockMilliseconds, first.clockMilliseconds),
            ratioOf(other.energy, first.energy)};
}

std::vector<ComparisonTrend> trendsOf(std::span<const ComparisonOutline> outlines) {
    std::vector<const ComparisonOutline*> newest;
    newest.reserve(outlines.size());
    for (const ComparisonOutline& outline : outlines) newest.push_back(&outline);
    std::sort(newest.begin(), newest.end(), [](const auto* a, const auto* b) { return a->id > b->id; });
    std::vector<std::vector<const ComparisonOutline*>> groups;
    for (const auto* outline : newest) {
        const auto same =
            std::find_if(groups.begin(), groups.end(), [&](const auto& group) { return group.front()->sameSides(*outline); });
        if (same != groups.end())
            same->push_back(outline);
        else
            groups.push_back({outline});
    }
    std::vector<ComparisonTrend> trends;
    trends.reserve(groups.size());
    for (const auto& group : groups) {
        ComparisonTrend& trend = trends.emplace_back();
        trend.sides = group.front()->sides;
        trend.against.resize(trend.sides.size() - 1);
        for (std::size_t side = 1; side < trend.sides.size(); ++side)
            std::transform(group.rbegin(), group.rend(), std::back_inserter(trend.against[side - 1]),
                           [&](const auto* outline) { return pointOf(*outline, side); });
    }
    return trends;
}

std::string_view nameOf(Judgement::Verdict verdict) {
    return verdict == Judgement::Verdict::Same ? "same" : verdict == Judgement::Verdict::Better ? "better" : "worse";
}

Result<std::vector<Judgement>> judge(const ComparisonOutline& now, const ComparisonOutline& baseline) {
    if (!now.sameSides(baseline))
        return Error{ErrorCode::InvalidArgument, "the baseline is of other models, devices, profiles or packings", {}};
    std::vector<Judgement> all;
    using Verdict = Judgement::Verdict;
    for (std::size_t side = 1; side < now.sides.size(); ++side) {
        const auto add = [&](const char* what, const std::optional<double>& before, const std::optional<double>& after,
                             double tolerance, bool lessIsBetter) {
            if (!before || !after) return;
            const bool same = *before == *after || std::fabs(*after - *before) <= tolerance * std::fabs(*before);
            const Verdict verdict = same                                 ? Verdict::Same
                                    : (*after < *before) == lessIsBetter ? Verdict::Better
                                                                         : Verdict::Worse;
            all.push_back({side, what, *before, *after, verdict});
        };
        const TrendPoint old = pointOf(baseline, side), made = pointOf(now, side);
        add("max_abs", old.maxAbs, made.maxAbs, 0.0, true);
        add("kl", old.kl, made.kl, 0.0, true);
        add("top1_agreement", old.top1, made.top1, 0.0, false);
        add("wall_ratio", old.wallRatio, made.wallRatio, ratioTolerance, true);
        add("clock_ratio", old.clockRatio, made.clockRatio, ratioTolerance, true);
        add("energy_ratio", old.energyRatio, made.energyRatio, ratioTolerance, true);
    }
    return all;
}

}  // namespace ternion
