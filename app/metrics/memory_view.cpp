#include "metrics/memory_view.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "metrics/series_view.h"

namespace ternion::app {
namespace {

constexpr std::array categories{"memory.weights", "memory.state", "memory.scratch", "memory.trace"};
constexpr int areaAlpha = 150;

QString memoryViewText(const char* source) { return QCoreApplication::translate("MemoryView", source); }

bool isCategory(const std::string& name) { return std::find(categories.begin(), categories.end(), name) != categories.end(); }

/// Stands on those below it: drawn where they end, but known by its own values.
class StackedGraph : public QCPGraph {
public:
    StackedGraph(QCPAxis* x, QCPAxis* y, QVector<double> own) : QCPGraph(x, y), own_(std::move(own)) {}
    double dataMainValue(int index) const override { return own_[index]; }
    /// An area stands on zero.
    QCPRange getValueRange(bool& found, QCP::SignDomain sign, const QCPRange& keys) const override {
        QCPRange range = QCPGraph::getValueRange(found, sign, keys);
        if (found) range.expand(0.0);
        return range;
    }

private:
    QVector<double> own_;
};

/// What a line is at `x`: the last value before it. `from` is where the search goes on from.
double heldValue(const RunLine& line, double x, std::size_t& from) {
    while (from + 1 < line.x.size() && line.x[from + 1] <= x) ++from;
    return line.points[from].mean();
}

struct Unit {
    QString name;
    double bytes;
};
Unit unitFor(double most) {
    constexpr double step = 1024;
    constexpr std::array names{"B", "KiB", "MiB", "GiB", "TiB"};
    std::size_t at = 0;
    for (; at + 1 < names.size() && most >= step; ++at) most /= step;
    return {QLatin1String(names[at]), std::pow(step, static_cast<double>(at))};
}

class MemoryView : public SeriesView {
public:
    explicit MemoryView(const MetricContext& context) : SeriesView("memory", context) {
        std::vector<std::pair<QString, QString>> choices{{"all", memoryViewText("By category, one run")}};
        for (const char* name : {"memory.weights", "memory.state", "memory.scratch", "memory.trace", "device_memory.in_use",
                                 "host_memory.resident", "host_memory.proportional", "host_memory.private"})
            choices.emplace_back(QLatin1String(name), memoryViewText("Compare %1").arg(QLatin1String(name)));
        addChoice("show", memoryViewText("What is shown"), choices);
        plot_ = addSeriesPlot("plot");
        setContent(framed(memoryViewText("Memory"), *plot_, plot_));
    }

protected:
    LinesRequest wanted() const override {
        LinesRequest request;
        request.wanted = [](const std::string& name) {
            return name.starts_with("memory.") || name.starts_with("host_memory.") || name.starts_with("device_memory.");
        };
        return request;
    }

    void drawLines(QStringList& problems) override {
        const QString time = memoryViewText("Time since the run began (s)");
        const std::string one = choice("show") == "all" ? std::string() : choice("show").toStdString();
        const auto all = shownRuns();
        double most = 0;
        std::vector<std::pair<const RunLine*, const ShownRun*>> lines;
        for (const ShownRun& run : all) {
            const RunLines* read = linesOf(run.id);
            if (read == nullptr) continue;
            if (one.empty() && run.id != all.front().id) continue;
            if (!one.empty() && read->line(one) == nullptr)
                problems << memoryViewText("%1 of %2 was not recorded.").arg(choice("show"), run.name);
            if (one.empty() && read->lines.empty()) problems << memoryViewText("Memory of %1 was not recorded.").arg(run.name);
            for (const RunLine& line : read->lines) {
                if (!one.empty() && line.facts.name != one) continue;
                tellMissing(line, run, problems);
                if (line.points.empty()) continue;
                lines.emplace_back(&line, &run);
                for (const SeriesPoint& point : line.points) most = std::max(most, point.most);
            }
        }
        if (one.empty() && all.size() > 1)
            problems << memoryViewText(
                            "The categories are of %1, the first run that is shown. Choose one quantity above to compare runs.")
                            .arg(all.front().name);
        const Unit unit = unitFor(most);
        plot_->setTitles(time, titleOf(one.empty() ? memoryViewText("Memory") : choice("show"), unit.name));
        const bool stacks = one.empty() && baseline() == 0;
        if (stacks) drawStack(lines, unit);
        int color = static_cast<int>(categories.size());
        for (const auto& [line, run] : lines) {
            if (stacks && isCategory(line->facts.name)) continue;
            const auto scale = scaleOf(*line, 1 / unit.bytes, problems);
            if (!scale) continue;
            const QColor own = one.empty() ? colorOf(line->facts.name, color) : run->color;
            addLine(*plot_, *line, *run, one.empty() ? seriesName(line->facts, {}) : run->name, penOf(line->facts, own),
                    *scale);
        }
    }

private:
    static QColor colorOf(const std::string& name, int& next) {
        const auto found = std::find(categories.begin(), categories.end(), name);
        return PlotView::seriesColor(found == categories.end() ? next++ : static_cast<int>(found - categories.begin()));
    }

    /// The categories on each other, at every moment at which one of them was read.
    void drawStack(const std::vector<std::pair<const RunLine*, const ShownRun*>>& lines, const Unit& unit) {
        std::vector<std::pair<const RunLine*, const ShownRun*>> parts;
        for (const char* category : categories)
            for (const auto& each : lines)
                if (each.first->facts.name == category) parts.push_back(each);
        if (parts.empty()) return;
        std::vector<double> moments;
        double begin = -std::numeric_limits<double>::infinity();  // before one of them was read the sum is not known
        for (const auto& [line, run] : parts) {
            moments.insert(moments.end(), line->x.begin(), line->x.end());
            begin = std::max(begin, line->x.front());
        }
        std::sort(moments.begin(), moments.end());
        moments.erase(std::unique(moments.begin(), moments.end()), moments.end());
        moments.erase(moments.begin(), std::lower_bound(moments.begin(), moments.end(), begin));

        const QVector<double> x(moments.begin(), moments.end());
        QVector<double> top(x.size(), 0.0);
        QCPGraph* below = nullptr;
        for (const auto& [line, run] : parts) {
            QVector<double> own;
            own.reserve(x.size());
            std::size_t from = 0;
            for (qsizetype k = 0; k < x.size(); ++k) {
                own << heldValue(*line, x[k], from) / unit.bytes;
                top[k] += own.back();
            }
            auto* graph = new StackedGraph(plot_->xAxis, plot_->yAxis, own);
            const QColor color = PlotView::seriesColor(
                static_cast<int>(std::find(categories.begin(), categories.end(), line->facts.name) - categories.begin()));
            QColor fill = color;
            fill.setAlpha(areaAlpha);
            graph->setName(seriesName(line->facts, {}));
            graph->setData(x, top, true);
            graph->setLineStyle(QCPGraph::lsStepLeft);
            graph->setPen(penOf(line->facts, color, 1));
            graph->setBrush(fill);
            graph->setAntialiased(false);
            if (below != nullptr) graph->setChannelFillGraph(below);
            setRun(graph, run->id);
            below = graph;
        }
    }

    PlotView* plot_;
};

}  // namespace

MetricViewDefinition memoryView() {
    return {"memory", memoryViewText("Memory"),
            memoryViewText("What the run takes of the device's and the host's memory, by category."),
            [](const MetricContext& context) -> MetricView* { return new MemoryView(context); }};
}

}  // namespace ternion::app
