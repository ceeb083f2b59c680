#include "metrics/latency_view.h"

#include <QHeaderView>
#include <QLocale>
#include <QVBoxLayout>

#include "chat/labels.h"
#include "inspect/folding_splitter.h"
#include "metrics/series_view.h"
#include "metrics/value_spread.h"
#include "runs/run_book.h"
#include "views/number_table.h"

namespace ternion::app {
namespace {

QString latencyViewText(const char* source) { return QCoreApplication::translate("LatencyView", source); }

constexpr double milliseconds = 1e3;
constexpr int percentileAlpha = 48;
constexpr int levelAlpha = 170;

class LatencyView : public SeriesView {
public:
    explicit LatencyView(const MetricContext& context)
        : SeriesView("latency", context),
          spread_(makeReading()),
          percentiles_(
              new NumberTable("metrics.latency.percentiles", {{latencyViewText("Run"), "run", NumberTable::Format::Text},
                                                              {latencyViewText("Samples"), "samples"},
                                                              {"p50", "p50"},
                                                              {"p90", "p90"},
                                                              {"p99", "p99"},
                                                              {latencyViewText("Least"), "least"},
                                                              {latencyViewText("Most"), "most"}})) {
        addChoice("pass", latencyViewText("Which passes"),
                  {{"decode", latencyViewText("Decode")}, {"prefill", latencyViewText("Prefill")}});
        addChoice("along", latencyViewText("Horizontal axis"),
                  {{"tokens", latencyViewText("Over tokens")}, {"time", latencyViewText("Over time")}});
        addCheck("log", latencyViewText("Logarithmic"), latencyViewText("Equal distances are equal ratios"));
        plot_ = addSeriesPlot("plot");
        histogram_ = addPlot("histogram");
        percentiles_->setMaximumHeight(16 * grid);
        percentiles_->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
        percentiles_->horizontalHeader()->setMinimumSectionSize(6 * grid);
        percentiles_->setTextElideMode(Qt::ElideMiddle);
        auto* beside = new QWidget;
        auto* column = new QVBoxLayout(beside);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(0);
        column->addWidget(framed(latencyViewText("Distribution"), *histogram_, histogram_), 1);
        column->addWidget(framed(latencyViewText("Percentiles of all samples"), *percentiles_, percentiles_));
        auto* split = new FoldingSplitter;
        split->addWidget(framed(latencyViewText("Latency"), *plot_, plot_));
        split->addWidget(beside);
        split->setStretchFactor(0, 1);
        split->setStretchFactor(1, 1);
        setContent(split);
    }

protected:
    LinesRequest wanted() const override {
        LinesRequest request;
        request.wanted = [series = series()](const std::string& name) { return name == series; };
        request.along = choice("along") == "time" ? Along::Time : Along::Tokens;
        return request;
    }

    void read() override {
        SeriesView::read();
        spread_->run([request = SpreadRequest{runs().shown(), series(), checked("log")},
                      before = read_](StoreConnection& connection) { return readSpread(connection, request, before); },
                     [this](SpreadReading reading) {
                         read_ = std::move(reading);
                         draw();
                     });
    }

    void drawLines(QStringList& problems) override {
        plot_->setTitles(xTitle(), titleOf(quantity(), QStringLiteral("ms")));
        setLogarithmic(plot_->yAxis);
        setLogarithmic(histogram_->xAxis);
        histogram_->clearAll();
        NumberTable::Rows rows;
        for (const ShownRun& run : shownRuns()) {
            const RunLines* read = linesOf(run.id);
            if (read == nullptr) continue;
            const RunLine* line = read->line(series());
            if (line == nullptr) {
                problems << latencyViewText("Latencies of %1 were not recorded.").arg(run.name);
                continue;
            }
            tellMissing(*line, run, problems);
            const auto scale = scaleOf(*line, milliseconds, problems);
            if (line->points.empty() || !scale) continue;
            addLine(*plot_, *line, run, run.name, penOf(line->facts, run.color, 1), *scale);
            drawSpread(run, *scale, rows);
        }
        percentiles_->setRows(std::move(rows));
        fit(histogram_);
    }

private:
    std::string series() const { return choice("pass") == "prefill" ? "prefill_pass" : "token_latency"; }
    QString quantity() const {
        return choice("pass") == "prefill" ? latencyViewText("Time of a prefill pass") : latencyViewText("Token latency");
    }
    QString xTitle() const {
        if (choice("along") == "time") return latencyViewText("Time since the run began (s)");
        return choice("pass") == "prefill" ? latencyViewText("Pass") : latencyViewText("Token of the answer");
    }

    void setLogarithmic(QCPAxis* axis) const {
        const bool on = checked("log");
        if (on == (axis->scaleType() == QCPAxis::stLogarithmic)) return;
        axis->setScaleType(on ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
        axis->setTicker(on ? QSharedPointer<QCPAxisTicker>(new QCPAxisTickerLog) : QSharedPointer<QCPAxisTicker>::create());
    }

    void drawSpread(const ShownRun& run, const Scale& scale, NumberTable::Rows& rows) {
        const auto found =
            std::find_if(read_.runs.begin(), read_.runs.end(), [&](const ValueSpread& spread) { return spread.run == run.id; });
        if (found == read_.runs.end()) return;
        const SeriesSummary& summary = found->summary;
        rows.push_back({run.name.toStdString(), summary.count, scale(summary.p50), scale(summary.p90), scale(summary.p99),
                        scale(summary.least), scale(summary.most)});
        const bool first = rows.size() == 1;
        constexpr double apart = 0.16;  // labels of close percentiles stand beside each other
        constexpr double end = 0.98;
        addLevel("p50", scale(summary.p50), run.color, first ? end - 2 * apart : 0);
        addLevel("p90", scale(summary.p90), run.color, first ? end - apart : 0);
        addLevel("p99", scale(summary.p99), run.color, first ? end : 0);

        auto* bars = histogram_->addGraph();
        QVector<double> x;
        QVector<double> share;
        for (std::size_t k = 0; k < found->counts.size(); ++k) {
            x << scale(read_.edges[k]);
            share << 100.0 * static_cast<double>(found->counts[k]) / static_cast<double>(summary.count);
        }
        x << scale(read_.edges.back());
        share << 0.0;
        bars->setName(found->beyond == 0
                          ? run.name
                          : latencyViewText("%1 (%2 of %3 are beyond)").arg(run.name).arg(found->beyond).arg(summary.count));
        bars->setData(x, share, true);
        bars->setLineStyle(QCPGraph::lsStepLeft);
        bars->setPen(QPen(run.color, 1));
        QColor faint = run.color;
        faint.setAlpha(percentileAlpha);
        bars->setBrush(faint);
        histogram_->setTitles(titleOf(quantity(), QStringLiteral("ms")), latencyViewText("Samples (%)"));
    }

    /// `labelled` is where its name stands, in parts of the width; 0: nowhere.
    void addLevel(const char* name, double value, QColor color, double labelled) {
        color.setAlpha(levelAlpha);
        auto* line = new QCPItemStraightLine(plot_);
        for (QCPItemPosition* end : {line->point1, line->point2}) end->setTypeX(QCPItemPosition::ptAxisRectRatio);
        line->point1->setCoords(0, value);
        line->point2->setCoords(1, value);
        line->setPen(QPen(color, 1));
        line->setSelectable(false);
        if (labelled == 0) return;
        auto* label = new QCPItemText(plot_);
        label->position->setTypeX(QCPItemPosition::ptAxisRectRatio);
        label->position->setCoords(labelled, value);
        label->setPositionAlignment(Qt::AlignRight | Qt::AlignBottom);
        label->setText(QStringLiteral("%1 %2").arg(QLatin1String(name), QLocale().toString(value, 'g', 4)));
        label->setFont(plot_->font());
        label->setColor(plot_->palette().color(QPalette::Text));
        QColor veil = plot_->palette().color(QPalette::Base);
        veil.setAlpha(levelAlpha);
        label->setBrush(veil);
        label->setPadding({grid / 2, 0, grid / 2, 0});
        label->setSelectable(false);
    }

    StoreReading* spread_;
    SpreadReading read_;
    NumberTable* percentiles_;
    PlotView* plot_;
    PlotView* histogram_;
};

}  // namespace

MetricViewDefinition latencyView() {
    return {"latency", latencyViewText("Latency"),
            latencyViewText("How long each token of the answer took, in percentiles and as a distribution."),
            [](const MetricContext& context) -> MetricView* { return new LatencyView(context); }};
}

}  // namespace ternion::app
