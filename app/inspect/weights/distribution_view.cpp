#include "inspect/weights/distribution_view.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>
#include <array>
#include <cmath>

#include "chat/labels.h"
#include "model_card/trit_bar.h"
#include "shell/colors.h"
#include "views/plot_view.h"

namespace ternion::app {
namespace {

enum Kind { Bars, Curves, EntropyCurve };

constexpr float paler = 0.55F;  // of what is compared with

double shareOf(const WeightStatistics& matrix, int trit) {
    return matrix.share(trit < 0 ? matrix.counts.minus : trit > 0 ? matrix.counts.plus : matrix.counts.zero);
}

/// The matrices of the same projection, layer after layer.
std::vector<const WeightStatistics*> acrossLayers(const ShownMatrix& shown) {
    std::vector<const WeightStatistics*> all;
    for (const WeightStatistics& matrix : *shown.of->statistics)
        if (matrix.projection == shown.statistics().projection) all.push_back(&matrix);
    return all;
}

}  // namespace

DistributionView::DistributionView(ActionRegistry& actions, QWidget* parent) : QWidget(parent) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(grid, grid, grid, grid);
    column->setSpacing(grid);
    for (int k = 0; k < 2; ++k) {
        Head head{new QWidget, makeLabel({}, "", false), new TritBar, makeLabel({}, "small", true)};
        head.summary->setWordWrap(true);
        auto* box = new QVBoxLayout(head.box);
        box->setContentsMargins(0, 0, 0, 0);
        box->setSpacing(grid / 2);
        box->addWidget(head.title);
        box->addWidget(head.bar);
        box->addWidget(head.summary);
        column->addWidget(head.box);
        heads_.push_back(head);
    }
    kind_ = new QComboBox;
    kind_->setObjectName("distributionKind");
    kind_->setAccessibleName(tr("How the layers are drawn"));
    kind_->addItems({tr("Stacked bars"), tr("Curves"), tr("Entropy")});
    caption_ = makeLabel({}, "", false);
    plot_ = new PlotView(QStringLiteral("distributionPlot"));
    plot_->setAccessibleName(tr("Shares of the trits across layers"));
    auto* row = new QHBoxLayout;
    row->setSpacing(grid);
    row->addWidget(caption_, 1);
    row->addWidget(kind_);
    row->addWidget(
        makeExportButton(QStringLiteral("weights.distribution"), tr("Trits across layers"), *plot_, *plot_, actions));
    column->addLayout(row);
    plot_->setLegendBelow(3);
    const QSharedPointer<QCPAxisTickerFixed> wholeLayers(new QCPAxisTickerFixed);
    wholeLayers->setScaleStrategy(QCPAxisTickerFixed::ssMultiples);
    plot_->xAxis->setTicker(wholeLayers);
    column->addWidget(plot_, 1);
    connect(kind_, &QComboBox::currentIndexChanged, this, &DistributionView::plot);
    connect(plot_, &PlotView::positionActivated, this,
            [this](double x, double) { emit layerActivated(static_cast<int>(std::lround(x))); });
}

void DistributionView::setMatrices(const std::vector<ShownMatrix>& matrices) {
    if (matrices == matrices_) return;
    matrices_ = matrices;
    for (std::size_t k = 0; k < heads_.size(); ++k) {
        heads_[k].box->setVisible(k < matrices.size());
        if (k >= matrices.size()) continue;
        heads_[k].title->setText(matrices[k].title);
        heads_[k].bar->setCounts(matrices[k].statistics().counts);
        heads_[k].summary->setText(summaryOf(matrices[k].statistics()));
    }
    plot();
}

void DistributionView::plot() {
    plot_->clearAll();
    if (matrices_.empty()) return;
    const int layer = matrices_.front().statistics().layer;
    caption_->setText(layer < 0
                          ? tr("The head")
                          : tr("%1 in every layer").arg(QString::fromStdString(matrices_.front().statistics().projection)));
    const bool compared = matrices_.size() > 1;
    const bool entropy = kind_->currentIndex() == EntropyCurve;
    plot_->setTitles(tr("layer"), entropy ? tr("entropy (bits a trit)") : tr("share of weights (%)"));
    for (std::size_t k = 0; k < matrices_.size(); ++k)
        if (kind_->currentIndex() == Bars)
            addBars(matrices_[k], compared ? (k == 0 ? -0.22 : 0.22) : 0.0, compared ? 0.4 : 0.8, k > 0);
        else
            addCurves(matrices_[k], k > 0);
    plot_->setMarked(layer < 0 || kind_->currentIndex() == Bars ? std::nan("") : layer);
    plot_->showAll();
    if (kind_->currentIndex() == Bars) {
        plot_->yAxis->setRange(0, 100);
        plot_->replot(QCustomPlot::rpQueuedReplot);
    }
}

void DistributionView::addCurves(const ShownMatrix& matrix, bool compared) {
    const auto all = acrossLayers(matrix);
    const bool entropy = kind_->currentIndex() == EntropyCurve;
    for (int series = 0; series < (entropy ? 1 : 3); ++series) {
        const int trit = series - 1;
        QCPGraph* graph = plot_->addGraph();
        const QString name = entropy ? tr("entropy") : tritText(trit);
        graph->setName(compared ? tr("%1, %2").arg(name, matrix.projectionTitle) : name);
        const QColor color = entropy ? PlotView::seriesColor(compared ? 1 : 0) : tritColor(trit);
        graph->setPen(QPen(color, compared ? 1 : 2));
        graph->setScatterStyle(
            QCPScatterStyle(compared ? QCPScatterStyle::ssCircle : QCPScatterStyle::ssDisc, color, compared ? 8 : 6));
        for (const WeightStatistics* one : all)
            graph->addData(one->layer, entropy ? one->entropy() : shareOf(*one, trit) * 100);
    }
}

void DistributionView::addBars(const ShownMatrix& matrix, double offset, double width, bool compared) {
    QCPBars* below = nullptr;
    for (const int trit : {-1, 0, 1}) {
        auto* bars = new QCPBars(plot_->xAxis, plot_->yAxis);
        bars->setName(compared ? tr("%1, %2").arg(tritText(trit), matrix.projectionTitle) : tritText(trit));
        bars->setWidth(width);
        bars->setPen(Qt::NoPen);
        QColor color = tritColor(trit);
        if (compared) color.setAlphaF(paler);
        bars->setBrush(color);
        for (const WeightStatistics* one : acrossLayers(matrix)) bars->addData(one->layer + offset, shareOf(*one, trit) * 100);
        if (below != nullptr) bars->moveAbove(below);
        below = bars;
    }
}

}  // namespace ternion::app
