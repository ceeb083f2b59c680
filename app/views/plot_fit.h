// Keeps a plot fitted to values that grow.
#pragma once

#include "views/plot_view.h"

namespace ternion::app {

/// Fits a plot to its values, until somebody zooms or pans it.
class PlotFit {
public:
    explicit PlotFit(PlotView& plot, bool fromZero = false) : plot_(plot), fromZero_(fromZero) {}
    void update();                      ///< after the values have changed
    void forget() { fitted_ = false; }  ///< something else is shown from now on
    void keep(QCPRange x, QCPRange y);  ///< these ranges, as if somebody had zoomed
    bool untouched() const;             ///< nobody has zoomed or panned

private:
    PlotView& plot_;
    bool fromZero_;  // whatever the values are
    bool fitted_ = false;
    QCPRange x_, y_;
};

}  // namespace ternion::app
