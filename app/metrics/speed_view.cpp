#include "metrics/speed_view.h"

#include "metrics/series_view.h"
#include "runs/run_book.h"

namespace ternion::app {
namespace {

constexpr auto latency = "token_latency";
constexpr auto prefillFigure = "prefill_tok_s";

QString speedViewText(const char* source) { return QCoreApplication::translate("SpeedView", source); }

class SpeedView : public SeriesView {
public:
    explicit SpeedView(const MetricContext& context) : SeriesView("speed", context) {
        addChoice("pass", speedViewText("Which passes"),
                  {{"decode", speedViewText("Decode")}, {"prefill", speedViewText("Prefill")}});
        addChoice("along", speedViewText("Horizontal axis"),
                  {{"tokens", speedViewText("Over tokens")}, {"time", speedViewText("Over time")}});
        addChoice("window", speedViewText("How many tokens are averaged"),
                  {{"16", speedViewText("Mean of 16 tokens")},
                   {"64", speedViewText("Mean of 64 tokens")},
                   {"1", speedViewText("Each token")}});
        plot_ = addSeriesPlot("plot");
        setContent(framed(speedViewText("Tokens per second"), *plot_, plot_));
    }

protected:
    LinesRequest wanted() const override {
        LinesRequest request;
        request.wanted = [](const std::string& name) { return name == latency; };
        request.along = !prefill() && choice("along") == "tokens" ? Along::Tokens : Along::Time;
        request.lead = window();
        return request;
    }

    void drawLines(QStringList& problems) override {
        if (prefill()) return drawPrefill(problems);
        plot_->xAxis->setTicker(QSharedPointer<QCPAxisTicker>::create());
        const QString quantity = window() == 1 ? speedViewText("Decode speed")
                                               : speedViewText("Decode speed, mean of the last %1 tokens").arg(window());
        plot_->setTitles(
            choice("along") == "tokens" ? speedViewText("Token of the answer") : speedViewText("Time since the run began (s)"),
            titleOf(quantity, speedViewText("tokens/s")));
        for (const ShownRun& run : shownRuns()) {
            const RunLines* read = linesOf(run.id);
            const RunLine* line = read != nullptr ? read->line(latency) : nullptr;
            if (read != nullptr && line == nullptr)
                problems << speedViewText("Latencies of %1 were not recorded.").arg(run.name);
            if (line == nullptr) continue;
            tellMissing(*line, run, problems);
            // Relative to 1 / the median latency, which is the median speed.
            double factor = 1;
            if (baseline() != 0) {
                const auto scale = scaleOf(*line, 1, problems);
                if (!scale) continue;
                factor = 1 / scale->factor;
            }
            if (!line->points.empty())
                addLine(*plot_, *line, run, run.name, penOf(line->facts, run.color), speeds(*line, factor));
        }
    }
    bool overTime() const override { return !prefill(); }

private:
    bool prefill() const { return choice("pass") == "prefill"; }
    int window() const { return choice("window").toInt(); }

    /// At each point of the samples that end with it: `window()` of them, or as many as it stands for.
    Values speeds(const RunLine& line, double factor) const {
        Values values;
        std::int64_t count = 0;
        double seconds = 0;
        std::size_t oldest = 0;
        for (const SeriesPoint& point : line.points) {
            count += point.count;
            seconds += point.sum;
            for (; count - line.points[oldest].count >= window(); ++oldest) {
                count -= line.points[oldest].count;
                seconds -= line.points[oldest].sum;
            }
            values.mean << factor * static_cast<double>(count) / seconds;
            values.least << factor / point.most;
            values.most << factor / point.least;
        }
        return values;
    }

    /// One number a run: what the recorder says of all passes of the prompt together.
    void drawPrefill(QStringList& problems) {
        const RunSummary* relative = baseline() != 0 ? runs().find(baseline()) : nullptr;
        const Figure* unit = relative != nullptr ? relative->figure(prefillFigure) : nullptr;
        plot_->setTitles(speedViewText("Run"), relative != nullptr
                                                   ? speedViewText("Prefill speed (relative to baseline #%1)").arg(baseline())
                                                   : speedViewText("Prefill speed (tokens/s)"));
        if (relative != nullptr && unit == nullptr)
            problems << speedViewText("The prefill speed of the baseline was not recorded.");
        const QSharedPointer<QCPAxisTickerText> names(new QCPAxisTickerText);
        int place = 0;
        for (const ShownRun& run : shownRuns()) {
            const RunSummary* summary = runs().find(run.id);
            const Figure* figure = summary->figure(prefillFigure);
            if (figure == nullptr) problems << speedViewText("The prefill speed of %1 was not recorded (yet).").arg(run.name);
            if (figure == nullptr || (relative != nullptr && unit == nullptr)) continue;
            ++place;
            auto* bar = new QCPBars(plot_->xAxis, plot_->yAxis);
            bar->setName(run.name);
            bar->setPen(run.color);
            bar->setBrush(QBrush(run.color, figure->source == Source::Measured ? Qt::SolidPattern : Qt::BDiagPattern));
            bar->setWidth(1.0 / 2);
            bar->addData(place, unit != nullptr ? figure->value / unit->value : figure->value);
            names->addTick(place, QStringLiteral("#%1").arg(run.id));
        }
        plot_->xAxis->setTicker(names);
    }

    PlotView* plot_;
};

}  // namespace

MetricViewDefinition speedView() {
    return {"speed", speedViewText("Tokens/s"), speedViewText("How fast the answer was written and the prompt read."),
            [](const MetricContext& context) -> MetricView* { return new SpeedView(context); }};
}

}  // namespace ternion::app
