#include "compare/cost_plots.h"

#include <QElapsedTimer>
#include <QSplitter>
#include <QVBoxLayout>
#include <algorithm>

#include "chat/labels.h"
#include "inspect/growing_views.h"
#include "metrics/memory_view.h"
#include "metrics/metric_view.h"
#include "metrics/power_view.h"
#include "runs/run_book.h"
#include "runs/run_text.h"

namespace ternion::app {
namespace {

constexpr int drawMilliseconds = 250;
constexpr double milliseconds = 1e3;

QWidget* column(std::initializer_list<QWidget*> widgets) {
    auto* all = new QWidget;
    auto* rows = new QVBoxLayout(all);
    rows->setContentsMargins(0, 0, 0, 0);
    rows->setSpacing(0);
    for (QWidget* widget : widgets) rows->addWidget(widget, 1);
    return all;
}

}  // namespace

bool drawLatencies(PlotView& plot, const std::vector<LiveSide>& sides, bool byClock) {
    bool any = false;
    for (std::size_t k = 0; k < sides.size(); ++k) {
        const auto& seconds = byClock ? sides[k].clockSeconds : sides[k].seconds;
        if (seconds.empty()) continue;
        QVector<double> values;
        values.reserve(static_cast<qsizetype>(seconds.size()));
        for (const double each : seconds) values << milliseconds * each;
        const Source source = byClock && sides[k].simulated ? Source::Modelled : Source::Measured;
        const QString letter = sideLetter(static_cast<int>(k));
        addLine(plot, source == Source::Measured ? letter : QStringLiteral("%1 (%2)").arg(letter, sourceTag(source)),
                QPen(PlotView::seriesColor(static_cast<int>(k)), 1, source == Source::Measured ? Qt::SolidLine : Qt::DashLine),
                0, values);
        any = true;
    }
    return any;
}

CostPlots::CostPlots(LiveComparison& source, RunStore& store, ActionRegistry& actions, QWidget* parent)
    : QWidget(parent),
      source_(source),
      runs_(std::make_unique<RunBook>(store)),
      wall_(new PlotView("compareWallLatency")),
      clock_(new PlotView("compareClockLatency")),
      clockNote_(makeLabel({}, "small", true)),
      wallFit_(*wall_, true),
      clockFit_(*clock_, true),
      drawn_(std::make_unique<QElapsedTimer>()) {
    runs_->setFollows(false);
    runs_->watch(this);
    wall_->setTitles(tr("Token"), tr("Wall time (ms)"));
    clock_->setTitles(tr("Token"), tr("Cycles / clock (ms)"));
    for (PlotView* plot : {wall_, clock_}) plot->setLegendFrom(1);
    clockNote_->setObjectName("compareClockNote");
    clockNote_->setWordWrap(true);
    clockNote_->setIndent(grid);
    auto* byClock = column({underTitle(
        makeLabel(tr("Latency a token by the device's own clock"), "small", true),
        makeExportButton("compare.clock", tr("Latency by the device's clock"), *clock_, *clock_, actions), clock_)});
    static_cast<QVBoxLayout*>(byClock->layout())->addWidget(clockNote_);
    auto* split = new QSplitter(Qt::Horizontal);
    split->setChildrenCollapsible(false);
    split->addWidget(
        column({underTitle(makeLabel(tr("Latency a token, wall time, measured"), "small", true),
                           makeExportButton("compare.wall", tr("Latency, wall time"), *wall_, *wall_, actions), wall_),
                byClock}));
    for (const MetricViewDefinition& definition : {powerView(), memoryView()}) {
        metrics_.push_back(definition.create({*runs_, actions}));
        split->addWidget(metrics_.back());
    }
    for (int k = 0; k < split->count(); ++k) split->setStretchFactor(k, 1);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, grid, 0, 0);
    all->addWidget(split);
    connect(runs_.get(), &RunBook::changed, this, [this] {
        for (MetricView* view : metrics_) view->runsChanged();
    });
    connect(runs_.get(), &RunBook::shownChanged, this, [this] {
        for (MetricView* view : metrics_) view->othersShown();
    });
}

CostPlots::~CostPlots() = default;

void CostPlots::begin() {
    runs_->show({});
    wallFit_.forget();
    clockFit_.forget();
    draw();
}

void CostPlots::followRuns() {
    std::vector<std::int64_t> shown;
    std::copy_if(source_.runs().begin(), source_.runs().end(), std::back_inserter(shown),
                 [](std::int64_t run) { return run != 0; });
    runs_->show(std::move(shown));
}

void CostPlots::grow() {
    if (!isVisible() || (drawn_->isValid() && !drawn_->hasExpired(drawMilliseconds))) return;
    drawn_->start();
    followRuns();
    draw();
}

void CostPlots::settle() {
    followRuns();
    runs_->refresh();
    if (isVisible()) draw();
}

void CostPlots::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    followRuns();
    runs_->refresh();
    draw();
}

void CostPlots::draw() {
    wall_->clearAll();
    clock_->clearAll();
    drawLatencies(*wall_, source_.sides(), false);
    const bool clocked = drawLatencies(*clock_, source_.sides(), true);
    clockNote_->setText(clocked ? QString() : tr("No side counts cycles so far: only boards do."));
    clockNote_->setVisible(!clocked);
    wallFit_.update();
    clockFit_.update();
}

}  // namespace ternion::app
