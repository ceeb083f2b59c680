#include "metrics/power_view.h"

#include <QVBoxLayout>

#include "metrics/series_view.h"

namespace ternion::app {
namespace {

constexpr int lighterPercent = 140;
constexpr double thin = 1.0;
constexpr double thick = 2.0;

QString powerViewText(const char* source) { return QCoreApplication::translate("PowerView", source); }

class PowerView : public SeriesView {
public:
    explicit PowerView(const MetricContext& context) : SeriesView("power", context) {
        power_ = addSeriesPlot("power");
        energy_ = addSeriesPlot("energy");
        auto* both = new QWidget;
        auto* column = new QVBoxLayout(both);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(0);
        column->addWidget(framed(powerViewText("Power"), *power_, power_), 1);
        column->addWidget(framed(powerViewText("Energy since the run began"), *energy_, energy_), 1);
        setContent(both);
    }

protected:
    LinesRequest wanted() const override {
        LinesRequest request;
        request.wanted = [](const std::string& name) { return name.starts_with("power.") || name.starts_with("energy."); };
        return request;
    }

    void drawLines(QStringList& problems) override {
        const QString time = powerViewText("Time since the run began (s)");
        power_->setTitles(time, titleOf(powerViewText("Power"), QStringLiteral("W")));
        energy_->setTitles(time, titleOf(powerViewText("Energy"), QStringLiteral("J")));
        const auto all = shownRuns();
        for (const ShownRun& run : all) {
            const RunLines* read = linesOf(run.id);
            if (read == nullptr) continue;
            if (read->lines.empty()) problems << powerViewText("Power and energy of %1 were not recorded.").arg(run.name);
            int powers = 0;
            int counters = 0;
            for (const RunLine& line : read->lines) {
                tellMissing(line, run, problems);
                const int place = isCounter(line) ? counters++ : powers++;
                if (line.points.empty()) continue;
                const QColor color = all.size() == 1 ? PlotView::seriesColor(place)
                                     : place == 0    ? run.color
                                                     : run.color.lighter(lighterPercent);
                drawSensor(line, run, all.size() == 1 ? QString() : run.name,
                           penOf(line.facts, color, place == 0 ? thick : thin), problems);
            }
        }
    }

private:
    static bool isCounter(const RunLine& line) { return line.facts.name.starts_with("energy."); }

    void drawSensor(const RunLine& line, const ShownRun& run, const QString& of, const QPen& pen, QStringList& problems) {
        const bool counter = isCounter(line);
        const auto scale = counter ? counterScaleOf(line, 1, problems) : scaleOf(line, 1, problems);
        if (!scale) return;
        addLine(counter ? *energy_ : *power_, line, run, seriesName(line.facts, of), pen, *scale);
    }

    PlotView* power_;
    PlotView* energy_;
};

}  // namespace

MetricViewDefinition powerView() {
    return {"power", powerViewText("Power"),
            powerViewText("The power that sensors tell, and the energy used since the run began."),
            [](const MetricContext& context) -> MetricView* { return new PowerView(context); }};
}

}  // namespace ternion::app
