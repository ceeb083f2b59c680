// Quantities as people read them, each with its unit.
#pragma once

#include <QString>
#include <cstdint>

namespace ternion::app {

constexpr double bytesInGb = 1e9;
constexpr double millisecondsInSecond = 1e3;

QString formatBytes(std::uint64_t bytes);      ///< "13.4 MiB"
QString formatCount(std::int64_t count);       ///< "48,900,000" as the locale groups it
QString formatShortCount(double count);        ///< "48.9 M", "1.3 G"
QString formatPercent(double share);           ///< "31.2 %"
QString formatDuration(double seconds);        ///< "8 s", "2 min 5 s"
QString formatPath(const QString& path);       ///< "~/models/a.gguf" where it is in the home folder
QString formatWhen(std::int64_t unixSeconds);  ///< "14:05" today, "Mon 14:05" this week, else the date

}  // namespace ternion::app
