// What each token costs each side: wall time, the devices' own time, power and memory, while the comparison runs.
#pragma once

#include <QWidget>
#include <memory>
#include <vector>

#include "compare/live_comparison.h"
#include "views/plot_fit.h"

class QElapsedTimer;
class QLabel;

namespace ternion {
class RunStore;
}

namespace ternion::app {

class ActionRegistry;
class MetricView;
class RunBook;

/// GUI thread. Wall time and the devices' time have a plot each; a modelled time is dashed and says so. Power and memory are
/// what the sides' runs have in the store, read off the GUI thread as the Metrics dock does.
class CostPlots : public QWidget {
    Q_OBJECT

public:
    /// All references outlive it.
    CostPlots(LiveComparison& source, RunStore& store, ActionRegistry& actions, QWidget* parent = nullptr);
    ~CostPlots() override;

    void begin();
    void grow();  ///< drawn a few times a second, where it is seen
    void settle();

protected:
    void showEvent(QShowEvent* event) override;

private:
    void draw();
    void followRuns();

    LiveComparison& source_;
    std::unique_ptr<RunBook> runs_;  // of the sides alone
    PlotView* wall_;
    PlotView* clock_;
    QLabel* clockNote_;
    PlotFit wallFit_, clockFit_;
    std::vector<MetricView*> metrics_;
    std::unique_ptr<QElapsedTimer> drawn_;
};

/// Draws what each side took for each token into a cleared plot: wall time, or by the devices' clocks. False: no side has any.
bool drawLatencies(PlotView& plot, const std::vector<LiveSide>& sides, bool byClock);

}  // namespace ternion::app
