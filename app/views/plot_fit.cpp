#include "views/plot_fit.h"

namespace ternion::app {

bool PlotFit::untouched() const { return !fitted_ || (plot_.xAxis->range() == x_ && plot_.yAxis->range() == y_); }

void PlotFit::update() {
    if (!untouched()) return plot_.replot(QCustomPlot::rpQueuedReplot);
    plot_.showAll();
    if (fromZero_) plot_.yAxis->setRangeLower(0.0);
    fitted_ = true;
    x_ = plot_.xAxis->range();
    y_ = plot_.yAxis->range();
}

void PlotFit::keep(QCPRange x, QCPRange y) {
    fitted_ = true;
    x_ = y_ = {};  // no plot has these, so it counts as touched
    plot_.xAxis->setRange(x);
    plot_.yAxis->setRange(y);
}

}  // namespace ternion::app
