#include <QCoreApplication>
#include <QGuiApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLocale>
#include <QPalette>

#include "runs/run_details.h"
#include "runs/run_text.h"
#include "shell/device_selector.h"
#include "shell/format.h"

namespace ternion::app {
namespace {

constexpr qsizetype longestText = 4000;  // characters of a prompt or answer that are shown

QString runDetailsHtmlText(const char* source) { return QCoreApplication::translate("RunDetails", source); }

QString plain(const std::string& of) { return QString::fromStdString(of); }

/// Sections of two columns.
class Page {
public:
    void title(const QString& what) { html_ += QStringLiteral("<p><b>%1</b></p>").arg(what.toHtmlEscaped()); }
    void section(const QString& name) {
        close();
        html_ += QStringLiteral("<p style='margin-bottom:2px'><b>%1</b></p><table cellspacing='0' cellpadding='1'>")
                     .arg(name.toHtmlEscaped());
        open_ = true;
    }
    void row(const QString& name, const QString& value, const QString& note = {}) {
        if (value.isEmpty() && note.isEmpty()) return;
        html_ += QStringLiteral("<tr><td style='padding-right:16px'><font color='%1'>%2</font></td><td>%3%4</td></tr>")
                     .arg(muted(), name.toHtmlEscaped(), value.toHtmlEscaped(),
                          note.isEmpty() ? QString()
                                         : QStringLiteral(" <font color='%1'>%2</font>").arg(muted(), note.toHtmlEscaped()));
    }
    void paragraph(const QString& what) {
        close();
        html_ += QStringLiteral("<p style='white-space:pre-wrap'>%1</p>").arg(what.toHtmlEscaped());
    }
    QString html() {
        close();
        return html_;
    }

private:
    static QString muted() { return QGuiApplication::palette().color(QPalette::PlaceholderText).name(); }
    void close() {
        if (open_) html_ += QStringLiteral("</table>");
        open_ = false;
    }
    QString html_;
    bool open_ = false;
};

void addRun(Page& page, const RunSummary& run) {
    page.title(runTitle(run));
    if (!run.origin.empty())
        page.paragraph(
            runDetailsHtmlText("A foreign run: it ran elsewhere and was imported from %1.").arg(formatPath(plain(run.origin))));
    page.section(runDetailsHtmlText("Run"));
    page.row(runDetailsHtmlText("Began"), whenText(run.startedAt));
    page.row(runDetailsHtmlText("State"), stateText(run.state), plain(run.error));
    if (run.state != RunState::Running) page.row(runDetailsHtmlText("Took"), valueText(run.seconds, "s"));
    page.row(runDetailsHtmlText("Baseline"), run.baseline ? runDetailsHtmlText("yes") : QString());
    page.row(runDetailsHtmlText("Sweep"), plain(run.facts.sweep));
    QStringList tags;
    for (const std::string& tag : run.tags) tags << plain(tag);
    page.row(runDetailsHtmlText("Tags"), tags.join(QStringLiteral(", ")));
    page.row(runDetailsHtmlText("Note"), plain(run.note));
}

void addModel(Page& page, const RunFacts& facts) {
    page.section(runDetailsHtmlText("Model and device"));
    page.row(runDetailsHtmlText("Model"), plain(facts.model.name));
    page.row(runDetailsHtmlText("Hash"), plain(facts.model.hash));
    page.row(runDetailsHtmlText("File"), facts.model.path.empty() ? QString() : formatPath(plain(facts.model.path)));
    page.row(runDetailsHtmlText("Parameters"), facts.model.parameters > 0 ? formatCount(facts.model.parameters) : QString());
    page.row(runDetailsHtmlText("With 16 bits a weight"),
             facts.model.unoptimisedBytes > 0 ? formatBytes(facts.model.unoptimisedBytes) : QString(),
             facts.model.unoptimisedBytes > 0 ? sourceTag(Source::Modelled) : QString());
    page.row(runDetailsHtmlText("Device"), deviceLabel(facts.device));
    page.row(runDetailsHtmlText("Driver"), plain(facts.device.driver));
    page.row(runDetailsHtmlText("Device memory"),
             facts.device.memoryBytes > 0 ? formatBytes(facts.device.memoryBytes) : QString());
    page.row(runDetailsHtmlText("Bus address"), plain(facts.device.pciAddress));
    page.row(runDetailsHtmlText("Packing"), plain(facts.packing));
    page.row(runDetailsHtmlText("Arithmetic"), plain(facts.profile));
    page.row(runDetailsHtmlText("Program"), plain(facts.program));
    page.row(runDetailsHtmlText("Shader hash"), plain(facts.shaderHash));
}

void addSettings(Page& page, const RunFacts& facts) {
    const QLocale locale;
    const SamplerSettings& sampler = facts.sampler;
    page.section(runDetailsHtmlText("Settings"));
    page.row(runDetailsHtmlText("Seed"), QString::number(sampler.seed));
    page.row(runDetailsHtmlText("Temperature"), locale.toString(sampler.temperature),
             sampler.temperature == 0 ? runDetailsHtmlText("greedy") : QString());
    if (sampler.topK > 0) page.row(runDetailsHtmlText("Top k"), locale.toString(sampler.topK));
    if (sampler.topP < 1) page.row(runDetailsHtmlText("Top p"), locale.toString(sampler.topP));
    if (sampler.minP > 0) page.row(runDetailsHtmlText("Min p"), locale.toString(sampler.minP));
    if (sampler.repetitionPenalty != 1) {
        page.row(runDetailsHtmlText("Repetition penalty"), locale.toString(sampler.repetitionPenalty));
        page.row(runDetailsHtmlText("Over tokens"),
                 sampler.repetitionWindow > 0 ? locale.toString(sampler.repetitionWindow) : runDetailsHtmlText("all"));
    }
    if (facts.maxTokens > 0) page.row(runDetailsHtmlText("Most tokens"), locale.toString(facts.maxTokens));
    if (!facts.intervention.empty())
        page.row(runDetailsHtmlText("Interventions"), locale.toString(static_cast<qlonglong>(facts.intervention.size())));
    const QJsonObject settings = QJsonDocument::fromJson(QByteArray::fromStdString(facts.settings)).object();
    for (auto setting = settings.begin(); setting != settings.end(); ++setting) {
        const bool nested = setting->isObject() || setting->isArray();
        const QString value =
            nested ? QString::fromUtf8(setting->isObject() ? QJsonDocument(setting->toObject()).toJson(QJsonDocument::Compact)
                                                           : QJsonDocument(setting->toArray()).toJson(QJsonDocument::Compact))
                   : setting->toVariant().toString();
        page.row(setting.key(), value);
    }
}

void addFigures(Page& page, const RunSummary& run) {
    if (run.figures.empty() && run.missing.empty()) return;
    page.section(runDetailsHtmlText("Figures"));
    for (const Figure& figure : run.figures) {
        const QString tag = sourceTag(figure.source);
        page.row(figureTitle(figure.name), valueText(figure), tag.isEmpty() ? runDetailsHtmlText("measured") : tag);
    }
    for (const MissingFigure& missing : run.missing) page.row(figureTitle(missing.name), whyMissing(run, missing.name));
}

void addSeries(Page& page, const RunDetails::More& more) {
    if (!more.series.empty()) page.section(runDetailsHtmlText("Measured over time"));
    for (const SeriesFacts& series : more.series) {
        const QString name = plain(series.name);
        if (!series.missing.empty()) {
            page.row(name, runDetailsHtmlText("not measured: %1").arg(plain(series.missing)));
            continue;
        }
        QStringList about{plain(series.unit), plain(std::string(nameOf(series.source))), plain(series.detail)};
        if (series.period > 0) about << runDetailsHtmlText("every %1 s").arg(QLocale().toString(series.period));
        about.removeAll(QString());
        page.row(name, about.join(QStringLiteral(", ")));
    }
    page.section(runDetailsHtmlText("Recorded"));
    page.row(runDetailsHtmlText("Tokens"), formatCount(static_cast<std::int64_t>(more.tokens)));
    page.row(runDetailsHtmlText("Timed kernels"), more.kernels > 0 ? formatCount(static_cast<std::int64_t>(more.kernels))
                                                                   : runDetailsHtmlText("none: this run did not time them"));
}

void addText(Page& page, const QString& name, const std::optional<std::string>& recorded) {
    page.section(name);
    if (!recorded)
        return page.paragraph(runDetailsHtmlText("Not recorded: the setting that keeps texts was off, or the run has none."));
    const QString all = plain(*recorded);
    page.paragraph(all.size() > longestText
                       ? all.left(longestText) + runDetailsHtmlText(" … (%1 characters)").arg(formatCount(all.size()))
                       : all);
}

}  // namespace

QString htmlOf(const RunSummary& run, const RunDetails::More& more) {
    Page page;
    addRun(page, run);
    addFigures(page, run);
    addModel(page, run.facts);
    addSettings(page, run.facts);
    addSeries(page, more);
    if (!more.annotations.empty()) page.section(runDetailsHtmlText("Annotations"));
    for (const Annotation& annotation : more.annotations)
        page.row(annotation.seconds ? valueText(*annotation.seconds, "s") : runDetailsHtmlText("all of it"),
                 plain(annotation.text));
    addText(page, runDetailsHtmlText("Prompt"), more.texts.prompt);
    addText(page, runDetailsHtmlText("Answer"), more.texts.answer);
    return page.html();
}

}  // namespace ternion::app
