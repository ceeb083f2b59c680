// Runs and their figures as people read them.
#pragma once

#include <QBrush>
#include <QString>
#include <string_view>

#include "store/run_records.h"

namespace ternion::app {

QString figureTitle(std::string_view name);              ///< "Decode speed"; what is not known by name is shown as it is called
QString valueText(double value, std::string_view unit);  ///< "41.2 tok/s", "13.4 MiB"
QString valueText(const Figure& figure);
QString figureText(const Figure& figure);  ///< with its source, where that is not a measurement
/// Why a run lacks a figure; never empty.
QString whyMissing(const RunSummary& run, std::string_view figure);
QString sourceTag(Source source);   ///< empty: measured
QBrush sourceBrush(Source source);  ///< hatched, where it is not a measurement
QString stateText(RunState state);
QString kindText(const RunSummary& run);      ///< says of a foreign run that it is one
QString runTitle(const RunSummary& run);      ///< "#12 bench, ternary-49m"
QString whenText(std::int64_t milliseconds);  ///< date and time to the second

}  // namespace ternion::app
