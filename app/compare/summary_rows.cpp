#include "compare/summary_rows.h"

#include <QCoreApplication>
#include <QLocale>
#include <algorithm>
#include <array>

#include "base/percentile.h"
#include "runs/run_text.h"
#include "shell/format.h"

namespace ternion::app {
namespace {

QString summaryRowsText(const char* source) { return QCoreApplication::translate("Summary", source); }

SummaryCell known(double value, std::string_view unit, Source source = Source::Measured) {
    const QString tag = sourceTag(source);
    const QString number = valueText(value, unit);
    return {value, tag.isEmpty() ? number : QStringLiteral("%1 (%2)").arg(number, tag), source, {}};
}

SummaryCell missing(const QString& why) { return {std::nullopt, QString(QChar(0x2013)), Source::Measured, why}; }

struct Percentile {
    const char* name;
    const char* title;
    double share;
};
constexpr std::array percentiles{
    Percentile{"p50_ms", QT_TRANSLATE_NOOP("Summary", "Latency a token, median"), 0.5},
    Percentile{"p90_ms", QT_TRANSLATE_NOOP("Summary", "Latency a token, p90"), 0.9},
    Percentile{"p99_ms", QT_TRANSLATE_NOOP("Summary", "Latency a token, p99"), 0.99},
};

/// Speed and percentiles of one kind of time. `seconds` gives a side's.
template <class Seconds>
std::vector<SummaryRow> timeRows(const LiveComparison& comparison, const Seconds& seconds) {
    std::vector<SummaryRow> rows;
    rows.push_back({"tokens_per_s", summaryRowsText("Tokens a second"), {}});
    for (const Percentile& each : percentiles) rows.push_back({each.name, summaryRowsText(each.title), {}});
    for (const LiveSide& side : comparison.sides()) {
        const auto [values, source, why] = seconds(side);
        if (values.empty()) {
            for (SummaryRow& row : rows) row.cells.push_back(missing(why));
            continue;
        }
        double sum = 0.0;
        for (const double value : values) sum += value;
        rows.front().cells.push_back(known(static_cast<double>(values.size()) / sum, "tok/s", source));
        for (std::size_t k = 0; k < percentiles.size(); ++k)
            rows[k + 1].cells.push_back(known(millisecondsInSecond * percentile(values, percentiles[k].share), "ms", source));
    }
    return rows;
}

struct TimesOf {
    std::vector<double> values;
    Source source;
    QString why;
};

/// Those after the prompt; of the prompt where none has come after it.
std::vector<double> afterPrompt(const LiveComparison& comparison, const std::vector<double>& seconds) {
    const std::size_t prompt = comparison.asked().lockstep.prompt.size();
    if (seconds.size() <= prompt) return seconds;
    return {seconds.begin() + static_cast<std::ptrdiff_t>(prompt), seconds.end()};
}

SummaryGroup wallGroup(const LiveComparison& comparison) {
    return {"wall", summaryRowsText("Wall time on this computer, of the tokens after the prompt"),
            timeRows(comparison, [&](const LiveSide& side) {
                return TimesOf{afterPrompt(comparison, side.seconds), Source::Measured,
                               summaryRowsText("no token has been read yet")};
            })};
}

SummaryGroup clockGroup(const LiveComparison& comparison) {
    return {"clock", summaryRowsText("By the devices' own clocks, cycles / clock, of the tokens after the prompt"),
            timeRows(comparison, [&](const LiveSide& side) {
                return TimesOf{afterPrompt(comparison, side.clockSeconds), side.simulated ? Source::Modelled : Source::Measured,
                               side.seconds.empty() ? summaryRowsText("no token has been read yet")
                                                    : summaryRowsText("this device counts no cycles: boards do")};
            })};
}

SummaryGroup usageGroup(const LiveComparison& comparison) {
    SummaryGroup group{"usage", summaryRowsText("Memory, power and energy"), {}};
    struct Category {
        const char* name;
        const char* title;
        std::uint64_t (*of)(const MemoryUse&);
    };
    static constexpr std::array categories{
        Category{"weights_bytes", QT_TRANSLATE_NOOP("Summary", "Memory of the weights"),
                 [](const MemoryUse& use) { return use.weights; }},
        Category{"state_bytes", QT_TRANSLATE_NOOP("Summary", "of the state"), [](const MemoryUse& use) { return use.state; }},
        Category{"scratch_bytes", QT_TRANSLATE_NOOP("Summary", "of intermediates"),
                 [](const MemoryUse& use) { return use.scratch; }},
        Category{"trace_bytes", QT_TRANSLATE_NOOP("Summary", "of traces"), [](const MemoryUse& use) { return use.trace; }},
    };
    const auto& report = comparison.report();
    const QString later =
        comparison.running() ? summaryRowsText("known when the comparison has ended") : summaryRowsText("there is no report");
    for (const Category& category : categories) {
        SummaryRow row{category.name, summaryRowsText(category.title), {}};
        for (std::size_t k = 0; k < comparison.sides().size(); ++k)
            row.cells.push_back(report ? known(static_cast<double>(category.of(report->result.sides[k].memory)), "B")
                                       : missing(later));
        group.rows.push_back(std::move(row));
    }
    for (const char* name :
         {"peak_device_bytes", "peak_host_bytes", "mean_power", "energy_per_token", "energy_per_token_above_idle"}) {
        SummaryRow row{name, figureTitle(name), {}};
        for (std::size_t k = 0; k < comparison.sides().size(); ++k) {
            if (!report) {
                row.cells.push_back(missing(later));
                continue;
            }
            const SideFacts& facts = report->sides[k];
            const auto figure =
                std::find_if(facts.figures.begin(), facts.figures.end(), [&](const Figure& each) { return each.name == name; });
            const auto reason = std::find_if(facts.missing.begin(), facts.missing.end(),
                                             [&](const MissingFigure& each) { return each.name == name; });
            if (figure != facts.figures.end())
                row.cells.push_back(known(figure->value, figure->unit, figure->source));
            else
                row.cells.push_back(missing(reason != facts.missing.end() ? QString::fromStdString(reason->reason)
                                                                          : summaryRowsText("nothing measures it here")));
        }
        group.rows.push_back(std::move(row));
    }
    return group;
}

SummaryGroup differenceGroup(const LiveComparison& comparison) {
    struct Row {
        const char* name;
        const char* title;
        const char* unit;
        double (*of)(const SideDistance&);
    };
    static constexpr std::array kinds{
        Row{"max_abs", QT_TRANSLATE_NOOP("Summary", "Largest difference of an intermediate"), "",
            [](const SideDistance& is) { return static_cast<double>(is.maxAbs); }},
        Row{"logits_max_abs", QT_TRANSLATE_NOOP("Summary", "Largest difference of a logit"), "",
            [](const SideDistance& is) { return static_cast<double>(is.logits); }},
        Row{"kl_mean_nats", QT_TRANSLATE_NOOP("Summary", "KL of the next token, mean"), "nats",
            [](const SideDistance& is) { return is.sumOfKl / is.compared; }},
        Row{"kl_max_nats", QT_TRANSLATE_NOOP("Summary", "KL of the next token, largest"), "nats",
            [](const SideDistance& is) { return is.maxKl; }},
        Row{"top1_percent", QT_TRANSLATE_NOOP("Summary", "Same most probable token"), "%",
            [](const SideDistance& is) { return 100.0 * is.sameTop / is.compared; }},
    };
    SummaryGroup group{"differences", summaryRowsText("Differences from side A"), {}};
    const auto newRow = [](const char* name, const QString& title) {
        return SummaryRow{name, title, {missing(summaryRowsText("side A is what is compared with"))}, false};
    };
    group.rows.push_back(newRow("compared_tokens", summaryRowsText("Tokens compared")));
    for (const Row& kind : kinds) group.rows.push_back(newRow(kind.name, summaryRowsText(kind.title)));
    for (int side = 1; side < static_cast<int>(comparison.sides().size()); ++side) {
        const SideDistance& distance = comparison.distance(side);
        group.rows.front().cells.push_back(known(distance.compared, ""));
        for (std::size_t k = 0; k < kinds.size(); ++k)
            group.rows[k + 1].cells.push_back(distance.compared == 0 ? missing(summaryRowsText("nothing is compared yet"))
                                                                     : known(kinds[k].of(distance), kinds[k].unit));
    }
    return group;
}

}  // namespace

QString ratioText(const SummaryCell& cell, const SummaryCell& first) {
    if (!cell.value || !first.value || *first.value == 0.0) return {};
    const Source source = std::max(cell.source, first.source);
    const QString number = QLocale().toString(*cell.value / *first.value, 'g', 3);
    const QString tag = sourceTag(source);
    return tag.isEmpty() ? number : QStringLiteral("%1 (%2)").arg(number, tag);
}

std::vector<SummaryGroup> summaryOf(const LiveComparison& comparison) {
    if (comparison.state() == LiveComparison::State::None) return {};
    return {wallGroup(comparison), clockGroup(comparison), usageGroup(comparison), differenceGroup(comparison)};
}

}  // namespace ternion::app
