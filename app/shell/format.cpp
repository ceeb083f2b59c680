#include "shell/format.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QDir>
#include <QLocale>
#include <cmath>

namespace ternion::app {
namespace {

QString formatText(const char* source) { return QCoreApplication::translate("Format", source); }

}  // namespace

QString formatBytes(std::uint64_t bytes) {
    return QLocale().formattedDataSize(static_cast<qint64>(bytes), 1, QLocale::DataSizeIecFormat);
}

QString formatCount(std::int64_t count) { return QLocale().toString(static_cast<qlonglong>(count)); }

QString formatShortCount(double count) {
    struct Unit {
        double size;
        const char* symbol;
    };
    for (const auto& unit : {Unit{1e9, " G"}, Unit{1e6, " M"}, Unit{1e3, " k"}})
        if (count >= unit.size) return QLocale().toString(count / unit.size, 'f', 1) + QLatin1String(unit.symbol);
    return QLocale().toString(count, 'f', 0);
}

QString formatPercent(double share) { return formatText("%1 %").arg(QLocale().toString(share * 100, 'f', 1)); }

QString formatDuration(double seconds) {
    const long whole = std::lround(seconds);
    if (whole < 60) return formatText("%1 s").arg(whole);
    return formatText("%1 min %2 s").arg(whole / 60).arg(whole % 60);
}

QString formatPath(const QString& path) {
    const QString home = QDir::homePath();
    return QDir::toNativeSeparators(path.startsWith(home + QLatin1Char('/')) ? QLatin1Char('~') + path.mid(home.size()) : path);
}

QString formatWhen(std::int64_t unixSeconds) {
    const QDateTime when = QDateTime::fromSecsSinceEpoch(unixSeconds);
    const qint64 days = when.date().daysTo(QDate::currentDate());
    // Some locales' short form has seconds.
    QString time = QLocale().toString(when.time(), QLocale().timeFormat(QLocale::ShortFormat).remove(":ss"));
    if (days == 0) return time;
    if (days > 0 && days < 7) return QLocale().toString(when.date(), QStringLiteral("ddd ")) + time;
    return QLocale().toString(when.date(), QLocale::ShortFormat);
}

}  // namespace ternion::app
