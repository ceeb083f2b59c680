#include "benchmarks/size_figure.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QVBoxLayout>
#include <algorithm>

#include "shell/device_selector.h"
#include "shell/format.h"
#include "views/plot_view.h"

namespace ternion::app {
namespace {

constexpr double barWidth = 0.36;

const std::string presetMark = "preset:";

bool isPublishedShape(const RunSummary& run) {
    // What a simulated board takes is the time of the simulation.
    return run.facts.kind == "bench" && !isSimulated(run.facts.device) && run.facts.model.path.starts_with(presetMark) &&
           run.figure("peak_device_bytes") != nullptr && run.figure("decode_ms_p50") != nullptr;
}

}  // namespace

std::vector<SizePoint> sizePoints(const std::vector<RunSummary>& runs) {
    std::vector<SizePoint> points;
    const DeviceInfo* device = nullptr;
    for (const RunSummary& run : runs) {
        if (!isPublishedShape(run)) continue;
        const RunFacts& facts = run.facts;
        if (device == nullptr) device = &facts.device;
        if (facts.device.name != device->name || facts.device.driver != device->driver) continue;
        const std::string name = facts.model.path.substr(presetMark.size());
        if (std::any_of(points.begin(), points.end(), [&](const SizePoint& point) { return point.model == name; })) continue;
        points.push_back({name, facts.model.parameters, static_cast<std::uint64_t>(run.figure("peak_device_bytes")->value),
                          facts.model.unoptimisedBytes, run.figure("decode_ms_p50")->value});
    }
    std::sort(points.begin(), points.end(), [](const SizePoint& a, const SizePoint& b) { return a.parameters < b.parameters; });
    return points;
}

SizeFigure::SizeFigure(ActionRegistry& actions, QWidget* parent)
    : QWidget(parent),
      memory_(new PlotView(QStringLiteral("sizeMemory"))),
      latency_(new PlotView(QStringLiteral("sizeLatency"))),
      plots_(new QWidget),
      note_(new QLabel) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(8);
    note_->setObjectName("sizeNote");
    note_->setWordWrap(true);
    note_->setProperty("muted", true);
    column->addWidget(note_);
    auto* row = new QHBoxLayout(plots_);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    const auto add = [&](PlotView* plot, const QString& title, const QString& id) {
        auto* half = new QVBoxLayout;
        half->setSpacing(4);
        auto* head = new QHBoxLayout;
        auto* label = new QLabel(title);
        head->addWidget(label, 1);
        head->addWidget(makeExportButton(id, title, *plot, *plot, actions));
        half->addLayout(head);
        half->addWidget(plot, 1);
        row->addLayout(half, 1);
    };
    add(memory_, tr("Inference memory"), QStringLiteral("sizeMemory"));
    add(latency_, tr("Inference latency"), QStringLiteral("sizeLatency"));
    column->addWidget(plots_, 1);
    column->addStretch();
    memory_->setTitles(tr("Model"), tr("Memory (GB)"));
    memory_->setLegendBelow(1);
    latency_->setTitles(tr("Model"), tr("Median token (ms)"));
}

void SizeFigure::show(const std::vector<RunSummary>& runs) {
    runs_ = runs;
    draw();
}

void SizeFigure::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) draw();
}

void SizeFigure::draw() {
    const auto points = sizePoints(runs_);
    for (PlotView* plot : {memory_, latency_}) plot->clearAll();
    const auto ticks = QSharedPointer<QCPAxisTickerText>::create();
    QVector<double> places, ours, theirs, latency;
    for (std::size_t k = 0; k < points.size(); ++k) {
        const auto place = static_cast<double>(k);
        ticks->addTick(place, QString::fromStdString(points[k].model));
        places << place;
        ours << static_cast<double>(points[k].bytes) / bytesInGb;
        theirs << static_cast<double>(points[k].unoptimisedBytes) / bytesInGb;
        latency << points[k].millisecondsAToken;
    }
    const auto bars = [&](PlotView* plot, const QString& name, const QVector<double>& values, const QColor& color,
                          Qt::BrushStyle style) {
        auto* made = new QCPBars(plot->xAxis, plot->yAxis);
        made->setName(name);
        made->setPen(QPen(color));
        made->setBrush(QBrush(color, style));
        made->setWidth(barWidth);
        made->setData(places, values, true);
        return made;
    };
    auto* group = new QCPBarsGroup(memory_);
    bars(memory_, tr("Ternion (measured)"), ours, PlotView::seriesColor(0), Qt::SolidPattern)->setBarsGroup(group);
    bars(memory_, tr("16 bits a weight (modelled)"), theirs, PlotView::seriesColor(1), Qt::BDiagPattern)->setBarsGroup(group);
    bars(latency_, tr("Ternion (measured)"), latency, PlotView::seriesColor(0), Qt::SolidPattern);
    for (PlotView* plot : {memory_, latency_}) {
        plot->xAxis->setTicker(ticks);
        plot->showAll();
        plot->xAxis->setRange(-0.6, static_cast<double>(points.size()) - 0.4);
        plot->yAxis->setRangeLower(0);
        plot->replot();
    }
    plots_->setVisible(!points.empty());
    if (points.empty()) {
        note_->setText(tr("No published shape has been measured yet: press “The paper's figure”."));
        return;
    }
    const auto newest = std::find_if(runs_.begin(), runs_.end(), isPublishedShape);
    const SizePoint& largest = points.back();
    note_->setText(
        tr("On %1, the newest benchmark of each size. %2 takes %3 here, %4 times less than its weights take with 16 "
           "bits each (%5).")
            .arg(QString::fromStdString(newest->facts.device.name), QString::fromStdString(largest.model),
                 formatBytes(largest.bytes),
                 locale().toString(static_cast<double>(largest.unoptimisedBytes) / static_cast<double>(largest.bytes), 'f', 1),
                 formatBytes(largest.unoptimisedBytes)));
}

}  // namespace ternion::app
