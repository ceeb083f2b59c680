#include "runs/run_text.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QGuiApplication>
#include <QLocale>
#include <QPalette>
#include <array>
#include <cmath>

#include "shell/format.h"

namespace ternion::app {
namespace {

QString runText(const char* source) { return QCoreApplication::translate("Runs", source); }

struct Title {
    std::string_view name;
    const char* title;
};
constexpr std::array titles{
    Title{"prefill_tok_s", QT_TRANSLATE_NOOP("Runs", "Prefill speed")},
    Title{"decode_tok_s", QT_TRANSLATE_NOOP("Runs", "Decode speed")},
    Title{"decode_ms_p50", QT_TRANSLATE_NOOP("Runs", "Token latency, median")},
    Title{"decode_ms_p90", QT_TRANSLATE_NOOP("Runs", "Token latency, 90th percentile")},
    Title{"decode_ms_p99", QT_TRANSLATE_NOOP("Runs", "Token latency, 99th percentile")},
    Title{"peak_device_bytes", QT_TRANSLATE_NOOP("Runs", "Peak device memory")},
    Title{"peak_host_bytes", QT_TRANSLATE_NOOP("Runs", "Peak host memory")},
    Title{"weight_bytes", QT_TRANSLATE_NOOP("Runs", "Weights")},
    Title{"energy_per_token", QT_TRANSLATE_NOOP("Runs", "Energy per token, gross")},
    Title{"energy_per_token_above_idle", QT_TRANSLATE_NOOP("Runs", "Energy per token, above idle")},
    Title{"mean_power", QT_TRANSLATE_NOOP("Runs", "Mean power")},
    Title{"idle_power", QT_TRANSLATE_NOOP("Runs", "Idle power")},
    Title{"decode_tokens", QT_TRANSLATE_NOOP("Runs", "Tokens of the answer")},
    Title{"prefill_tokens", QT_TRANSLATE_NOOP("Runs", "Tokens of the prompt")},
    Title{"weight_bytes_per_token", QT_TRANSLATE_NOOP("Runs", "Weights read a token")},
    Title{"read_bandwidth_Bps", QT_TRANSLATE_NOOP("Runs", "Read bandwidth")},
    Title{"roofline_fraction", QT_TRANSLATE_NOOP("Runs", "Share of the roofline")},
};

constexpr int digits = 4;
constexpr double wholeFrom = 1e3;  // the fourth digit is that of ones, and no power of ten is needed
constexpr double largest = 1e9;

QString plain(std::string_view text) { return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size())); }

}  // namespace

QString figureTitle(std::string_view name) {
    for (const Title& known : titles)
        if (known.name == name) return runText(known.title);
    return plain(name);
}

QString valueText(double value, std::string_view unit) {
    if (unit == "B" && value >= 0) return formatBytes(static_cast<std::uint64_t>(value));
    if (unit == "B/s" && value >= 0) return formatBytes(static_cast<std::uint64_t>(value)) + QStringLiteral("/s");
    const QString number = std::abs(value) >= wholeFrom && std::abs(value) < largest ? QLocale().toString(value, 'f', 0)
                                                                                     : QLocale().toString(value, 'g', digits);
    return unit.empty() || unit == "1" ? number : number + QChar(0xA0) + plain(unit);
}

QString valueText(const Figure& figure) {
    return valueText(figure.value, figure.name.ends_with("_tok_s") ? std::string_view("tok/s") : figure.unit);
}

QString figureText(const Figure& figure) {
    const QString tag = sourceTag(figure.source);
    const QString value = valueText(figure);
    return tag.isEmpty() ? value : QStringLiteral("%1 (%2)").arg(value, tag);
}

QString whyMissing(const RunSummary& run, std::string_view figure) {
    for (const MissingFigure& missing : run.missing)
        if (missing.name == figure) return runText("not measured: %1").arg(QString::fromStdString(missing.reason));
    switch (run.state) {
        case RunState::Running:
            return runText("not measured yet: the run goes on");
        case RunState::Failed:
            return runText("not measured: the run failed (%1)").arg(QString::fromStdString(run.error));
        case RunState::Stopped:
            return runText("not measured: the run was stopped before");
        case RunState::Interrupted:
            return runText("not measured: the program ended during the run");
        case RunState::Finished:
            break;
    }
    return runText("not measured: this kind of run does not do it");
}

QString sourceTag(Source source) {
    switch (source) {
        case Source::Measured:
            break;
        case Source::VendorEstimate:
            return runText("vendor-estimate");
        case Source::Modelled:
            return runText("modelled");
    }
    return {};
}

QBrush sourceBrush(Source source) {
    return source == Source::Measured ? QBrush() : QBrush(QGuiApplication::palette().color(QPalette::Mid), Qt::BDiagPattern);
}

QString stateText(RunState state) {
    switch (state) {
        case RunState::Running:
            return runText("running");
        case RunState::Finished:
            return runText("finished");
        case RunState::Stopped:
            return runText("stopped");
        case RunState::Failed:
            return runText("failed");
        case RunState::Interrupted:
            return runText("interrupted");
    }
    return {};
}

QString kindText(const RunSummary& run) {
    const QString kind = QString::fromStdString(run.facts.kind);
    return run.origin.empty() ? kind : runText("%1 (foreign)").arg(kind);
}

QString runTitle(const RunSummary& run) {
    return QStringLiteral("#%1 %2, %3").arg(run.id).arg(kindText(run), QString::fromStdString(run.facts.model.name));
}

QString whenText(std::int64_t milliseconds) {
    const QDateTime when = QDateTime::fromMSecsSinceEpoch(milliseconds);
    return QLocale().toString(when.date(), QLocale::ShortFormat) + QLatin1Char(' ') +
           when.time().toString(QStringLiteral("HH:mm:ss"));
}

}  // namespace ternion::app
