#include "compare/report_page.h"

#include <QAbstractTextDocumentLayout>
#include <QBuffer>
#include <QCoreApplication>
#include <QGuiApplication>
#include <QLocale>
#include <QPageSize>
#include <QPainter>
#include <QPdfWriter>
#include <QTextDocument>

#include "base/atomic_file.h"
#include "chat/labels.h"
#include "compare/cost_plots.h"
#include "compare/summary_rows.h"
#include "runs/run_facts.h"
#include "shell/device_selector.h"
#include "shell/theme.h"
#include "views/map_view.h"
#include "views/plot_view.h"

namespace ternion::app {
namespace {

QString reportPageText(const char* source) { return QCoreApplication::translate("ReportPage", source); }

constexpr int dpi = 96;
constexpr QSize page{794, 1123};  // A4 at that resolution
constexpr int margin = 5 * grid;
constexpr int mapHeight = 200;
constexpr int plotHeight = 150;
constexpr double usualPoints = 8.0;
constexpr double fontStep = 0.5;
constexpr int fontSteps = 8;  // down to 4 points

QString escaped(const std::string& value) { return QString::fromStdString(value).toHtmlEscaped(); }
QString escaped(std::string_view value) { return escaped(std::string(value)); }

QString cell(const QString& value, const char* tag = "td") {
    return QStringLiteral("<%1 align=\"left\">%2</%1>").arg(QLatin1String(tag), value);
}

QString sidesTable(const ComparisonReport& report) {
    QString html = "<table width='100%' cellpadding='1'><tr>";
    for (const char* title : {"Side", "Device", "Driver", "Model", "Arithmetic", "Packing", "Run"})
        html += cell(reportPageText(title), "th");
    html += "</tr>";
    for (std::size_t k = 0; k < report.sides.size(); ++k) {
        const SideFacts& side = report.sides[k];
        html += "<tr>" + cell(sideLetter(static_cast<int>(k))) + cell(deviceLabel(side.device).toHtmlEscaped()) +
                cell(escaped(side.device.driver)) + cell(escaped(side.model) + ' ' + escaped(side.modelHash)) +
                cell(escaped(nameOf(side.profile))) + cell(escaped(nameOf(side.packing))) +
                cell(side.run == 0 ? reportPageText("not recorded") : QStringLiteral("#%1").arg(side.run)) + "</tr>";
    }
    return html + "</table>";
}

QString summaryTable(const SummaryGroup& group) {
    QString html = "<p><b>" + group.title.toHtmlEscaped() + "</b></p><table width='100%' cellpadding='1'>";
    const bool ratios = !group.rows.empty() && group.rows.front().ratios;
    html += "<tr>" + cell(reportPageText("Quantity"), "th");
    const std::size_t sides = group.rows.empty() ? 0 : group.rows.front().cells.size();
    for (std::size_t k = 0; k < sides; ++k) {
        const QString letter = sideLetter(static_cast<int>(k));
        html += cell(letter, "th");
        if (ratios && k > 0) html += cell(letter + QStringLiteral(" / A"), "th");
    }
    html += "</tr>";
    for (const SummaryRow& row : group.rows) {
        html += "<tr>" + cell(row.title.toHtmlEscaped());
        for (std::size_t k = 0; k < row.cells.size(); ++k) {
            html += cell(row.cells[k].text.toHtmlEscaped());
            if (ratios && k > 0) html += cell(ratioText(row.cells[k], row.cells.front()).toHtmlEscaped());
        }
        html += "</tr>";
    }
    return html + "</table>";
}

QString found(const ComparisonReport& report) {
    QString html;
    for (const ComparisonSummary& summary : report.result.comparisons) {
        const QString letter = sideLetter(summary.side);
        QString line = reportPageText("Side %1 equals A to the last bit, over %2 tokens.").arg(letter).arg(summary.compared);
        if (summary.compared == 0)
            line = reportPageText("No token of side %1 was compared.").arg(letter);
        else if (summary.divergence)
            line =
                reportPageText("First divergence of side %1 from A: %2.").arg(letter, escaped(describe(*summary.divergence)));
        else if (summary.maxAbs() > 0.0F)
            line = reportPageText("Side %1 differs from A by %2 at most, which is over no threshold.")
                       .arg(letter, QLocale().toString(summary.maxAbs(), 'g', 4));
        html += "<p>" + line + "</p>";
    }
    for (std::size_t k = 0; k < report.sides.size(); ++k)
        if (const auto& error = report.result.sides[k].error)
            html += "<p>" +
                    reportPageText("Side %1 ended early: %2").arg(sideLetter(static_cast<int>(k)), escaped(error->text())) +
                    "</p>";
    return html;
}

QString settingsOf(const ComparisonReport& report) {
    const LockstepPlan& plan = report.plan;
    const QLocale locale;
    QString threshold = reportPageText("automatic");
    if (plan.threshold) threshold = locale.toString(*plan.threshold, 'g', 6);
    return reportPageText(
               "%1 prompt tokens and %2 after them; %3; threshold %4%5; temperature %6, top-k %7, top-p %8, seed %9.")
        .arg(plan.prompt.size())
        .arg(plan.tokens)
        .arg(plan.feeding == Feeding::FirstSide ? reportPageText("all sides fed side A's text")
                                                : reportPageText("each side its own text"),
             threshold, plan.stopAtDivergence ? reportPageText(", stops at the first divergence") : QString())
        .arg(locale.toString(static_cast<double>(plan.sampler.temperature)))
        .arg(plan.sampler.topK)
        .arg(locale.toString(static_cast<double>(plan.sampler.topP)))
        .arg(plan.sampler.seed);
}

/// Under its title, from `y` on; returns where it ends.
int paintUnderTitle(QPainter& painter, int y, const QString& title, Exportable& view, const QSize& size) {
    QFont font = painter.font();
    font.setPointSizeF(usualPoints);
    painter.setFont(font);
    painter.setPen(Qt::black);
    const int line = painter.fontMetrics().height();
    painter.drawText(QRect(margin, y, size.width(), line), Qt::AlignLeft | Qt::AlignVCenter, title);
    painter.save();
    painter.translate(margin, y + line);
    view.paintPicture(painter, size);
    painter.restore();
    return y + line + size.height();
}

/// A view for paper: whatever theme is on, and in small letters.
template <class View>
std::unique_ptr<View> forPaper(const QString& name) {
    auto view = std::make_unique<View>(name);
    QFont font = view->font();
    font.setPointSizeF(usualPoints);
    view->setFont(font);
    view->setPalette(themePalette(false));
    return view;
}

void paint(QPainter& painter, const ReportPage& report) {
    const int width = page.width() - 2 * margin;
    const bool clocked =
        std::any_of(report.sides.begin(), report.sides.end(), [](const LiveSide& side) { return !side.clockSeconds.empty(); });
    const int pictures = (report.map ? mapHeight + 2 * grid : 0) + plotHeight + 2 * grid;
    QTextDocument document;
    document.setDocumentMargin(0);
    document.setTextWidth(width);
    document.setHtml(report.settings);
    const int room = page.height() - 2 * margin - pictures - grid;
    for (int smaller = 0; smaller <= fontSteps; ++smaller) {
        QFont font = QGuiApplication::font();
        font.setPointSizeF(usualPoints - smaller * fontStep);
        document.setDefaultFont(font);
        if (document.size().height() <= room) break;
    }
    painter.save();
    painter.translate(margin, margin);
    QAbstractTextDocumentLayout::PaintContext context;
    context.palette = themePalette(false);
    context.clip = QRectF(0, 0, width, room);
    painter.setClipRect(context.clip);
    document.documentLayout()->draw(&painter, context);
    painter.restore();

    int y = margin + static_cast<int>(std::min<double>(document.size().height(), room)) + grid;
    if (report.map) {
        const auto map = forPaper<MapView>(QStringLiteral("reportMap"));
        map->setAxes(reportPageText("Layer"), reportPageText("Token"));
        map->resize(width, mapHeight);
        map->setSource(report.map, report.map->scale());
        QString title = reportPageText("Difference of side %1 from A by layer and token").arg(sideLetter(report.map->side()));
        if (report.map->allZero()) title += reportPageText(": zero everywhere");
        y = paintUnderTitle(painter, y, title, *map, {width, mapHeight}) + grid / 2;
    }
    const QSize size(clocked ? (width - grid) / 2 : width, plotHeight);
    for (const bool byClock : {false, true}) {
        if (byClock && !clocked) break;
        const auto plot = forPaper<PlotView>(QStringLiteral("reportLatency"));
        plot->setTitles(reportPageText("Token"),
                        byClock ? reportPageText("Cycles / clock (ms)") : reportPageText("Wall time (ms)"));
        plot->setLegendFrom(1);
        drawLatencies(*plot, report.sides, byClock);
        PlotFit(*plot, true).update();
        painter.save();
        if (byClock) painter.translate(size.width() + grid, 0);
        paintUnderTitle(painter, y,
                        byClock ? reportPageText("Latency a token by the device's clock")
                                : reportPageText("Latency a token, wall time, measured"),
                        *plot, size);
        painter.restore();
    }
}

Status write(const QString& path, const QByteArray& bytes) {
    TERNION_TRY(auto file, AtomicFile::create(path.toStdString()));
    TERNION_CHECK(file.write(0, std::as_bytes(std::span(bytes.constData(), static_cast<std::size_t>(bytes.size())))));
    return file.commit();
}

}  // namespace

ReportPage reportPage(const LiveComparison& comparison, std::shared_ptr<const DifferenceMap> map) {
    const ComparisonReport& report = *comparison.report();
    QString html = QStringLiteral("<h2>%1</h2><p>%2, %3</p>")
                       .arg(reportPageText("Side by side"), escaped(report.date), escaped(report.program));
    if (!report.prompt.empty())
        html += QStringLiteral("<p>%1 <code>%2</code></p>").arg(reportPageText("Prompt:"), escaped(report.prompt));
    html += "<p>" + settingsOf(report).toHtmlEscaped() + "</p>" + sidesTable(report) + found(report);
    for (const SummaryGroup& group : summaryOf(comparison)) html += summaryTable(group);
    return {html, comparison.sides(), std::move(map)};
}

Status saveReport(const LiveComparison& comparison, const std::shared_ptr<const DifferenceMap>& map, const QString& pdfPath,
                  const QString& markdownPath) {
    QBuffer bytes;
    bytes.open(QIODevice::WriteOnly);
    {
        QPdfWriter writer(&bytes);
        writer.setResolution(dpi);
        writer.setPageSize(QPageSize(QPageSize::A4));
        writer.setPageMargins({});
        writer.setTitle(reportPageText("Side by side"));
        QPainter painter(&writer);
        paint(painter, reportPage(comparison, map));
    }
    TERNION_CHECK(write(pdfPath, bytes.data()));
    return write(markdownPath, QByteArray::fromStdString(toMarkdown(*comparison.report())));
}

}  // namespace ternion::app
