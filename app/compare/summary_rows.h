// What a comparison cost and found, as rows of values that say where they come from. Wall time and the devices' own time are
// groups of their own: they are never in one table.
#pragma once

#include <QString>
#include <optional>
#include <string>
#include <vector>

#include "compare/live_comparison.h"
#include "measure/source.h"

namespace ternion::app {

struct SummaryCell {
    std::optional<double> value;  ///< nothing: `missing` says why
    QString text;                 ///< with its unit, and its tag where it is not measured
    Source source = Source::Measured;
    QString missing;
};

struct SummaryRow {
    std::string name;  ///< in files, with its unit
    QString title;
    std::vector<SummaryCell> cells;  ///< a side each
    bool ratios = true;              ///< of the other sides to the first mean something
};

struct SummaryGroup {
    std::string name;
    QString title;
    std::vector<SummaryRow> rows;
};

/// "2.31", with the tag of the less certain of both; empty where one is missing or the first is zero.
QString ratioText(const SummaryCell& cell, const SummaryCell& first);

/// Of what is there so far: wall time, the devices' clocks, memory and power, differences.
std::vector<SummaryGroup> summaryOf(const LiveComparison& comparison);

}  // namespace ternion::app
