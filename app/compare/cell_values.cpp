#include "compare/cell_values.h"

#include <QLocale>
#include <QSplitter>
#include <QVBoxLayout>
#include <cmath>

#include "chat/labels.h"
#include "compare/comparison_job.h"
#include "inspect/growing_views.h"

namespace ternion::app {

CellValues::CellValues(ActionRegistry& actions, QWidget* parent)
    : QWidget(parent),
      note_(makeLabel({}, "small", true)),
      both_(new PlotView("compareValues")),
      difference_(new PlotView("compareValueDifference")),
      bothFit_(*both_),
      differenceFit_(*difference_) {
    note_->setObjectName("compareValuesNote");
    note_->setWordWrap(true);
    note_->setIndent(grid);
    both_->setTitles(tr("Channel"), tr("Value"));
    difference_->setTitles(tr("Channel"), tr("Difference"));
    auto* split = new QSplitter(Qt::Vertical);
    plots_ = split;
    split->setChildrenCollapsible(false);
    split->addWidget(underTitle(makeLabel(tr("Values of both sides"), "small", true),
                                makeExportButton("compare.values", tr("Values"), *both_, *both_, actions), both_));
    split->addWidget(underTitle(
        makeLabel(tr("The other side − A"), "small", true),
        makeExportButton("compare.valueDifference", tr("Difference of the values"), *difference_, *difference_, actions),
        difference_));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, grid / 2, 0, 0);
    column->setSpacing(0);
    column->setAlignment(Qt::AlignTop);
    column->addWidget(note_);
    column->addWidget(split, 1);
    for (PlotView* plot : {both_, difference_})
        connect(plot, &PlotView::positionActivated, this,
                [this](double x, double) { emit channelChosen(std::max(static_cast<int>(std::lround(x)), 0)); });
}

CellValues::Values CellValues::read(const ComparisonFeed& feed, const CellPlace& place) {
    Values values;
    const TraceSeries first = feed.series(0, place.item);
    const TraceSeries other = feed.series(place.side, place.item);
    const auto has = [&](const TraceSeries& series) {
        return place.token >= series.firstToken() && place.token < series.endToken();
    };
    if (!has(first) || !has(other)) {
        values.problem = place.token < std::max(first.firstToken(), other.firstToken())
                             ? tr("The values of token %1 were dropped to keep within memory. Allow more under Inspect › Trace "
                                  "memory, or let "
                                  "what does not fit go to the disk, and compare again.")
                                   .arg(place.token)
                             : tr("There are no values of token %1: one of the sides has not read it.").arg(place.token);
        return values;
    }
    const auto a = first.row(place.token);
    const auto b = other.row(place.token);
    for (std::size_t k = 0; k < a.size(); ++k) {
        values.first << a[k];
        values.other << b[k];
        values.difference << static_cast<double>(b[k]) - a[k];
    }
    return values;
}

void CellValues::show(const std::shared_ptr<ComparisonFeed>& feed, const CellPlace& place) {
    task_.run([feed, place](const std::stop_token&) { return read(*feed, place); },
              [this, place](const Values& values) { draw(values, place); });
}

void CellValues::clear() {
    task_.stop();
    note_->setText(tr("Click a cell of the map to see both sides' values of it here."));
    plots_->hide();
}

void CellValues::draw(const Values& values, const CellPlace& place) {
    for (PlotView* plot : {both_, difference_}) plot->clearAll();
    bothFit_.forget();
    differenceFit_.forget();
    note_->setText(values.problem);
    plots_->setVisible(values.problem.isEmpty());
    if (values.problem.isEmpty()) {
        const QString other = sideLetter(place.side);
        addLine(*both_, QStringLiteral("A"), QPen(PlotView::seriesColor(0), 1), 0, values.first);
        addLine(*both_, other, QPen(PlotView::seriesColor(place.side), 1), 0, values.other);
        addLine(*difference_, tr("%1 − A").arg(other), QPen(PlotView::seriesColor(place.side), 1), 0, values.difference);
        note_->setText(tr("Channel %1: %2 in A, %3 in %4")
                           .arg(place.channel)
                           .arg(QLocale().toString(values.first.value(place.channel), 'g', 9),
                                QLocale().toString(values.other.value(place.channel), 'g', 9), other));
    }
    bothFit_.update();
    differenceFit_.update();
    for (PlotView* plot : {both_, difference_}) plot->setMarked(place.channel);
}

}  // namespace ternion::app
