#include "inspect/gates/retention_view.h"

#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>
#include <limits>

#include "chat/labels.h"
#include "inspect/folding_splitter.h"
#include "views/number_table.h"

namespace ternion::app {
namespace {

void makeLogarithmic(QCPAxis* axis) {
    axis->setScaleType(QCPAxis::stLogarithmic);
    axis->setTicker(QSharedPointer<QCPAxisTickerLog>::create());
    axis->setNumberFormat("g");
    axis->setNumberPrecision(6);
}

QString tokens(double halfLife) { return std::isinf(halfLife) ? QString(QChar(0x221E)) : QLocale().toString(halfLife, 'g', 3); }
QString perHundred(double share) { return QLocale().toString(100.0 * share, 'f', 1); }

}  // namespace

RetentionView::RetentionView(ActionRegistry& actions, QWidget* parent)
    : QWidget(parent),
      summary_(makeLabel({}, "small", true)),
      histogram_(new PlotView("gatesHalfLives")),
      layers_(new PlotView("gatesLayers")),
      channels_(new NumberTable("gatesChannels",
                                {{tr("Channel"), "channel", NumberTable::Format::Number, {}},
                                 {tr("Half-life"), "half_life_tokens", NumberTable::Format::Number,
                                  tr("Tokens until a half of what it held is left: ln 2 / −mean of ln f")},
                                 {tr("Mean f"), "mean_f", NumberTable::Format::Number, {}},
                                 {tr("Bound"), "lower_bound", NumberTable::Format::Number, tr("Learned lower bound of f")},
                                 {tr("Mean |h|"), "mean_abs_h", NumberTable::Format::Number, {}},
                                 {tr("Forgets"), "forgets_share", NumberTable::Format::Share, tr("Tokens with f below 0.05")},
                                 {tr("Keeps"), "keeps_share", NumberTable::Format::Share, tr("Tokens with f above 0.95")}})),
      all_(new QPushButton(tr("All layers"))),
      histogramFit_(*histogram_),
      layersFit_(*layers_) {
    summary_->setObjectName("gatesSummary");
    summary_->setWordWrap(true);
    summary_->setContentsMargins(grid, grid / 2, grid, 0);
    histogram_->setTitles(tr("Half-life (tokens)"), tr("Channels"));
    makeLogarithmic(histogram_->xAxis);
    layers_->setTitles(tr("Layer"), tr("Half-life (tokens)"));
    makeLogarithmic(layers_->yAxis);
    all_->setObjectName("gatesAllLayers");
    all_->setCheckable(true);
    all_->setToolTip(tr("Trace the forget gates of every layer, too: takes memory for each"));

    auto* plots = new FoldingSplitter;
    plots->addWidget(underTitle(makeLabel(tr("Channels of the layer"), "small", true),
                                makeExportButton("gates.halfLives", tr("Half-lives"), *histogram_, *histogram_, actions),
                                histogram_));
    plots->addWidget(underTitle(inARow({makeLabel(tr("Layers: median and quartiles"), "small", true), all_}),
                                makeExportButton("gates.layers", tr("Half-lives by layer"), *layers_, *layers_, actions),
                                layers_));
    plots->addWidget(underTitle(makeLabel(tr("The longest memory first"), "small", true),
                                makeExportButton("gates.channels", tr("Retention by channel"), *channels_, *channels_, actions),
                                channels_));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(grid / 2);
    column->addWidget(summary_);
    column->addWidget(plots, 1);
    connect(channels_, &NumberTable::rowChosen, this,
            [this](int chosen) { emit channelChosen(channelOfRow_[static_cast<std::size_t>(chosen)]); });
    connect(layers_, &PlotView::positionActivated, this,
            [this](double x, double) { emit layerChosen(static_cast<int>(std::lround(x))); });
    connect(all_, &QPushButton::toggled, this, &RetentionView::allLayersChanged);
}

bool RetentionView::allLayers() const { return all_->isChecked(); }

void RetentionView::setReading(const GateReading& reading, int layer) {
    const LayerRetention& of = reading.at(layer).retention;
    summary_->setText(
        tr("Layer %1, tokens 0 to %2: a half of the channels have a half-life of %3 tokens or more; quartiles %4 and "
           "%5. Of all gates, %6 % forget (f below 0.05) and %7 % keep (f above 0.95).")
            .arg(layer)
            .arg(reading.at(layer).endToken - 1)
            .arg(tokens(of.median), tokens(of.lower), tokens(of.upper), perHundred(of.forgets), perHundred(of.keeps)));
    showHistogram(of);
    showChannels(of);
    showLayers(reading);
}

void RetentionView::showHistogram(const LayerRetention& layer) {
    const LogHistogram histogram = halfLifeHistogram(layer.channels);
    histogram_->clearAll();
    auto* steps = histogram_->addGraph();
    steps->setName(tr("channels"));
    steps->setLineStyle(QCPGraph::lsStepLeft);
    steps->setPen(QPen(PlotView::seriesColor(0), 1));
    QColor fill = PlotView::seriesColor(0);
    fill.setAlpha(120);
    steps->setBrush(fill);
    for (std::size_t k = 0; k < histogram.counts.size(); ++k) steps->addData(histogram.edges[k], histogram.counts[k]);
    steps->addData(histogram.edges.back(), 0);
    histogramFit_.update();
}

void RetentionView::showChannels(const LayerRetention& layer) {
    channelOfRow_ = layer.ordered(ChannelOrder::HalfLife);
    NumberTable::Rows rows;
    for (const int c : channelOfRow_) {
        const ChannelRetention& of = layer.channels[static_cast<std::size_t>(c)];
        rows.push_back({std::int64_t{c}, of.halfLife, of.meanF, of.lowerBound, of.meanAbsState, of.forgets, of.keeps});
    }
    channels_->setRows(std::move(rows));
}

void RetentionView::showLayers(const GateReading& reading) {
    layers_->clearAll();
    struct Line {
        QString name;
        double LayerRetention::*value;
    };
    const std::array<Line, 3> lines{{{tr("upper quartile"), &LayerRetention::upper},
                                     {tr("median"), &LayerRetention::median},
                                     {tr("lower quartile"), &LayerRetention::lower}}};
    for (std::size_t k = 0; k < lines.size(); ++k) {
        auto* graph = layers_->addGraph();
        graph->setName(lines[k].name);
        graph->setPen(QPen(PlotView::seriesColor(0), k == 1 ? 2 : 1));
        graph->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, 5));
        for (const auto& [layer, of] : reading) {
            const double value = of.retention.*lines[k].value;
            // Neither none nor infinitely many tokens have a place on a logarithmic axis.
            graph->addData(layer, value > 0.0 && std::isfinite(value) ? value : std::numeric_limits<double>::quiet_NaN());
        }
    }
    QColor band = PlotView::seriesColor(0);
    band.setAlpha(50);
    layers_->graph(0)->setBrush(band);
    layers_->graph(0)->setChannelFillGraph(layers_->graph(2));
    layersFit_.update();
}

void RetentionView::setMarked(int layer, int channel) {
    layers_->setMarked(layer);
    const auto found = std::find(channelOfRow_.begin(), channelOfRow_.end(), channel);
    channels_->setMarked(found == channelOfRow_.end() ? -1 : static_cast<int>(found - channelOfRow_.begin()));
}

}  // namespace ternion::app
