#include "compare/outline_html.h"

#include <QCoreApplication>
#include <QLocale>

#include "compare/comparison_job.h"
#include "compare/history_table.h"
#include "runs/run_text.h"

namespace ternion::app {
namespace {

QString outlineHtmlText(const char* source) { return QCoreApplication::translate("Comparison", source); }

QString plain(const std::string& value) { return QString::fromStdString(value).toHtmlEscaped(); }

QString number(const std::optional<double>& value) {
    return value ? QLocale().toString(*value, 'g', 4) : outlineHtmlText("not known");
}

QString figure(const std::optional<Figure>& value, const QString& otherwise) {
    return value ? figureText(*value).toHtmlEscaped() : otherwise;
}

QString row(const QString& name, const QString& value) {
    return QStringLiteral("<tr><td>%1&nbsp;&nbsp;</td><td>%2</td></tr>").arg(name, value);
}

QString sideHtml(const SideOutline& side, int index) {
    QString html =
        QStringLiteral("<h4>%1: %2 · %3</h4><table>").arg(sideLetter(index), plain(side.device), plain(side.backend));
    html += row(outlineHtmlText("Model"), plain(side.model) + ' ' + plain(side.modelHash));
    html += row(outlineHtmlText("Arithmetic, packing"), plain(side.profile) + ", " + plain(side.packing));
    html += row(outlineHtmlText("Median token, wall time"),
                side.wallMilliseconds ? valueText(*side.wallMilliseconds, "ms") : outlineHtmlText("it read none"));
    html += row(outlineHtmlText("Median token, by its clock"),
                figure(side.clockMilliseconds, outlineHtmlText("it counts no cycles")));
    html += row(outlineHtmlText("Energy a token"),
                figure(side.energy, outlineHtmlText("missing: %1").arg(plain(side.energyMissing))));
    if (!side.error.empty()) html += row(outlineHtmlText("Ended early"), plain(side.error));
    return html + "</table>";
}

QString differenceHtml(const DifferenceOutline& difference, int side) {
    QString html = QStringLiteral("<h4>%1</h4><table>").arg(outlineHtmlText("%1 against A").arg(sideLetter(side)));
    html += row(outlineHtmlText("Tokens compared"), QLocale().toString(difference.compared));
    html += row(outlineHtmlText("Largest difference"), number(difference.maxAbs));
    html += row(outlineHtmlText("KL of the next token (nats)"), number(difference.kl));
    html += row(outlineHtmlText("Same most probable token"),
                difference.top1 ? QLocale().toString(100.0 * *difference.top1, 'f', 2) + " %" : outlineHtmlText("not known"));
    html += row(outlineHtmlText("First divergence"),
                difference.divergence.empty() ? outlineHtmlText("none over the threshold") : plain(difference.divergence));
    return html + "</table>";
}

QString judgementHtml(const ComparisonOutline& outline, const ComparisonOutline& baseline) {
    const QString title =
        QStringLiteral("<h4>%1</h4>").arg(outlineHtmlText("Against the baseline, comparison %1").arg(baseline.id));
    const auto judged = judge(outline, baseline);
    if (!judged) return title + "<p>" + plain(judged.error().text()) + "</p>";
    QString html = title + "<table>";
    for (const Judgement& each : *judged) {
        const QString verdict = each.verdict == Judgement::Verdict::Better  ? outlineHtmlText("better")
                                : each.verdict == Judgement::Verdict::Worse ? outlineHtmlText("worse")
                                                                            : outlineHtmlText("same");
        html += row(QStringLiteral("%1, %2").arg(sideLetter(static_cast<int>(each.side)), plain(each.what)),
                    outlineHtmlText("%1 → %2: %3").arg(number(each.before), number(each.now), verdict));
    }
    return html + "</table>";
}

}  // namespace

QString outlineHtml(const ComparisonOutline& outline, const ComparisonOutline* baseline) {
    QString html = QStringLiteral("<h3>%1</h3><p>%2, %3</p>")
                       .arg(outlineHtmlText("Comparison %1: %2").arg(outline.id).arg(sidesText(outline).toHtmlEscaped()),
                            whenText(outline.startedAt), plain(outline.program));
    if (outline.stopped) html += "<p>" + outlineHtmlText("It was cancelled.") + "</p>";
    for (std::size_t k = 0; k < outline.differences.size(); ++k)
        html += differenceHtml(outline.differences[k], static_cast<int>(k) + 1);
    if (baseline != nullptr && baseline->id != outline.id) html += judgementHtml(outline, *baseline);
    for (std::size_t k = 0; k < outline.sides.size(); ++k) html += sideHtml(outline.sides[k], static_cast<int>(k));
    return html;
}

}  // namespace ternion::app
