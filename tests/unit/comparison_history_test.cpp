// What a kept comparison found is read back, whatever stands in the store; trends and judgements follow from it.
#include "compare/comparison_history.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "compare/comparison_report.h"
#include "unit/small_sides.h"

namespace ternion {
namespace {

/// Of two sides that differ by a trit, as if it had been recorded.
ComparisonReport madeReport() {
    Model broken = smallModel();
    flipTrit(broken.layers[1].f.weight, 17);
    const std::vector<std::shared_ptr<DeviceModel>> sides{sideOf(smallModel()), sideOf(std::move(broken))};
    ComparisonReport report;
    report.plan = planOf(5);
    report.plan.threshold = 0.0;
    for (const auto& side : sides) report.sides.push_back(SideFacts::of(*side));
    report.result = *runLockstep(sides, report.plan, {}, {});
    report.program = "ternion 9";
    report.date = "2026-11-30 15:40 UTC";
    report.sides[0].figures = {{"energy_per_token", 0.25, "J", Source::VendorEstimate}};
    report.sides[1].missing = {{"energy_per_token", "no sensor"}};
    CycleCounts cycles;
    cycles.clockHz = 1e6;
    cycles.total = 2000;
    cycles.simulated = true;
    report.result.sides[1].cycles.assign(8, cycles);
    return report;
}

ComparisonRecord recordOf(std::int64_t id, const std::string& report) { return {id, 1000 * id, {7, 8}, report, id == 2}; }

TEST(ComparisonOutline, ComesBackFromTheReport) {
    const auto report = madeReport();
    const auto outline = ComparisonOutline::of(recordOf(2, toJson(report))).value();
    EXPECT_EQ(outline.id, 2);
    EXPECT_EQ(outline.startedAt, 2000);
    EXPECT_EQ(outline.runs, (std::vector<std::int64_t>{7, 8}));
    EXPECT_TRUE(outline.baseline);
    EXPECT_FALSE(outline.stopped);
    EXPECT_EQ(outline.program, "ternion 9");
    EXPECT_EQ(outline.date, "2026-11-30 15:40 UTC");
    ASSERT_EQ(outline.sides.size(), 2U);
    EXPECT_EQ(outline.sides[0].backend, "cpu");
    EXPECT_EQ(outline.sides[0].profile, "fixed");
    EXPECT_EQ(outline.sides[0].packing, "2bit");
    EXPECT_EQ(outline.sides[0].modelHash, report.sides[0].modelHash);
    EXPECT_DOUBLE_EQ(*outline.sides[0].wallMilliseconds, 1e3 * *wallSeconds(report, 0));
    EXPECT_FALSE(outline.sides[0].clockMilliseconds);
    EXPECT_EQ(outline.sides[0].energy->value, 0.25);
    EXPECT_EQ(outline.sides[0].energy->source, Source::VendorEstimate);
    EXPECT_DOUBLE_EQ(outline.sides[1].clockMilliseconds->value, 2.0);
    EXPECT_EQ(outline.sides[1].clockMilliseconds->source, Source::Modelled);
    EXPECT_FALSE(outline.sides[1].energy);
    EXPECT_EQ(outline.sides[1].energyMissing, "no sensor");
    ASSERT_EQ(outline.differences.size(), 1U);
    EXPECT_EQ(outline.differences[0].compared, 8);
    EXPECT_FLOAT_EQ(static_cast<float>(*outline.differences[0].maxAbs), report.result.comparisons[0].maxAbs());
    EXPECT_DOUBLE_EQ(*outline.differences[0].kl, report.result.comparisons[0].meanKl);
    EXPECT_DOUBLE_EQ(*outline.differences[0].top1, report.result.comparisons[0].top1Agreement());
    EXPECT_NE(outline.differences[0].divergence.find("layer 1, forget_projection, channel 17"), std::string::npos);
}

TEST(ComparisonOutline, InfinityAndNothingAreNotTheSame) {
    auto report = madeReport();
    report.result.comparisons[0].logitsMaxAbs = std::numeric_limits<float>::infinity();
    EXPECT_TRUE(std::isinf(*ComparisonOutline::of(recordOf(1, toJson(report)))->differences[0].maxAbs));
    report.result.comparisons[0] = {};
    const auto nothing = ComparisonOutline::of(recordOf(1, toJson(report))).value();
    EXPECT_EQ(nothing.differences[0].compared, 0);
    EXPECT_FALSE(nothing.differences[0].maxAbs);
    EXPECT_FALSE(nothing.differences[0].kl);
    EXPECT_FALSE(nothing.differences[0].top1);
    EXPECT_EQ(nothing.differences[0].divergence, "");
}

TEST(ComparisonOutline, WhatIsNoReportIsAnError) {
    const std::string good = toJson(madeReport());
    ASSERT_TRUE(ComparisonOutline::of(recordOf(1, good)).ok());
    const auto without = [&](const std::string& from, const std::string& to) {
        std::string text = good;
        const auto at = text.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        if (at != std::string::npos) text.replace(at, from.size(), to);
        return text;
    };
    const std::vector<std::string> bad{
        "",
        "[]",
        "null",
        "{}",
        R"({"sides":[],"comparisons":[]})",
        R"({"sides":1,"comparisons":2})",
        R"({"sides":[1,2],"comparisons":[3]})",
        std::string(100000, '['),
        std::string("\0\xFF", 2),
        good.substr(0, good.size() / 2),
        without("\"backend\":\"cpu\"", "\"backend\":7"),
        without("\"model_hash\"", "\"model_trash\""),
        without("\"wall_ms_p50\":", "\"wall_ms_p50\":[],\"x\":"),
        without("\"wall_ms_p50\":", "\"wall_ms_p50\":1e999,\"x\":"),
        without("\"clock_source\":\"modelled\"", "\"clock_source\":\"guessed\""),
        without("\"source\":\"vendor-estimate\"", "\"source\":\"invented\""),
        without("\"missing\":{", "\"missing\":[],\"x\":{"),
        without("\"compared\":8", "\"compared\":-8"),
        without("\"first_divergence\":{", "\"first_divergence\":[],\"x\":{"),
        without("\"comparisons\":[", "\"comparisons\":[{\"compared\":1},"),
    };
    for (const std::string& report : bad) {
        const auto outline = ComparisonOutline::of(recordOf(5, report));
        ASSERT_FALSE(outline.ok()) << report.substr(0, 300);
        EXPECT_EQ(outline.error().code, ErrorCode::BadInput) << report.substr(0, 300);
        EXPECT_NE(outline.error().text().find("comparison 5"), std::string::npos) << outline.error().text();
    }
}

ComparisonOutline outlineOf(std::int64_t id, double maxAbs, double wall, const std::string& device = "a card") {
    ComparisonOutline outline;
    outline.id = id;
    outline.program = "ternion " + std::to_string(id);
    outline.sides.resize(2);
    outline.sides[0].wallMilliseconds = 2.0;
    outline.sides[1].wallMilliseconds = wall;
    outline.sides[1].device = device;
    outline.differences.resize(1);
    outline.differences[0] = {10, maxAbs, maxAbs / 10, 1.0, {}};
    return outline;
}

TEST(ComparisonTrend, GoesOverComparisonsOfTheSameSidesInTheOrderOfTime) {
    auto energetic = outlineOf(3, 0.5, 8.0);
    energetic.sides[0].energy = Figure{"energy_per_token", 0.5, "J", Source::VendorEstimate};
    energetic.sides[1].energy = Figure{"energy_per_token", 0.25, "J", Source::VendorEstimate};
    const std::vector<ComparisonOutline> all{energetic, outlineOf(1, 0.0, 4.0), outlineOf(2, 0.0, 4.0, "another card"),
                                             outlineOf(4, 0.25, 6.0)};
    const auto trends = trendsOf(all);
    ASSERT_EQ(trends.size(), 2U);
    EXPECT_EQ(trends[0].sides[1].device, "a card");
    const auto& points = trends[0].against[0];
    ASSERT_EQ(points.size(), 3U);
    EXPECT_EQ(points[0].comparison, 1);
    EXPECT_EQ(points[1].comparison, 3);
    EXPECT_EQ(points[2].comparison, 4);
    EXPECT_EQ(points[2].program, "ternion 4");
    EXPECT_EQ(points[1].maxAbs, 0.5);
    EXPECT_EQ(points[1].wallRatio, 4.0);
    EXPECT_EQ(points[1].energyRatio, 0.5);
    EXPECT_FALSE(points[0].energyRatio);
    EXPECT_FALSE(points[0].clockRatio);
    EXPECT_EQ(trends[1].against[0].size(), 1U);

    // A modelled energy is not held against what a sensor says.
    energetic.sides[1].energy->source = Source::Modelled;
    EXPECT_FALSE(pointOf(energetic, 1).energyRatio);
    EXPECT_TRUE(trendsOf({}).empty());
}

TEST(ComparisonTrend, OtherModelsProfilesAndPackingsAreOthers) {
    const auto base = outlineOf(1, 0.0, 4.0);
    EXPECT_TRUE(base.sameSides(outlineOf(2, 9.0, 5.0)));
    for (std::string SideOutline::*field :
         {&SideOutline::backend, &SideOutline::device, &SideOutline::modelHash, &SideOutline::profile, &SideOutline::packing}) {
        auto other = base;
        other.sides[1].*field = "other";
        EXPECT_FALSE(base.sameSides(other));
    }
    auto third = base;
    third.sides.emplace_back();
    EXPECT_FALSE(base.sameSides(third));
    auto renamed = base;
    renamed.sides[1].model = "another name of it";
    EXPECT_TRUE(base.sameSides(renamed));
}

TEST(ComparisonJudgement, IsAgainstTheBaseline) {
    const auto verdictOf = [](const ComparisonOutline& now, const std::string& what) {
        const auto all = judge(now, outlineOf(1, 0.5, 4.0)).value();
        for (const Judgement& one : all)
            if (one.what == what) return std::string(nameOf(one.verdict));
        return std::string("not judged");
    };
    EXPECT_EQ(verdictOf(outlineOf(2, 0.5, 4.0), "max_abs"), "same");
    EXPECT_EQ(verdictOf(outlineOf(2, 0.4999, 4.0), "max_abs"), "better");
    EXPECT_EQ(verdictOf(outlineOf(2, 0.5001, 4.0), "max_abs"), "worse");
    EXPECT_EQ(verdictOf(outlineOf(2, std::numeric_limits<double>::infinity(), 4.0), "max_abs"), "worse");
    EXPECT_EQ(verdictOf(outlineOf(2, 0.5001, 4.0), "kl"), "worse");
    EXPECT_EQ(verdictOf(outlineOf(2, 0.5, 4.3), "wall_ratio"), "same");
    EXPECT_EQ(verdictOf(outlineOf(2, 0.5, 4.5), "wall_ratio"), "worse");
    EXPECT_EQ(verdictOf(outlineOf(2, 0.5, 3.0), "wall_ratio"), "better");
    EXPECT_EQ(verdictOf(outlineOf(2, 0.5, 4.0), "energy_ratio"), "not judged");
    auto disagrees = outlineOf(2, 0.5, 4.0);
    disagrees.differences[0].top1 = 0.5;
    EXPECT_EQ(verdictOf(disagrees, "top1_agreement"), "worse");
    EXPECT_EQ(judge(outlineOf(2, 0.5, 4.0, "another card"), outlineOf(1, 0.5, 4.0)).error().code, ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace ternion
