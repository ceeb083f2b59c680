// The paper's figure of inference (arXiv 2406.02528, figure 4): memory and latency over the size of the model.
#pragma once

#include <QWidget>
#include <string>
#include <vector>

#include "store/run_records.h"

class QLabel;

namespace ternion::app {

class ActionRegistry;
class PlotView;

/// One size of model, as the newest benchmarks of one device found it.
struct SizePoint {
    std::string model;
    std::int64_t parameters = 0;
    std::uint64_t bytes = 0;             ///< of the device, in all
    std::uint64_t unoptimisedBytes = 0;  ///< weights with 16 bits each: computed, not measured
    double millisecondsAToken = 0.0;     ///< median token
};

/// Of all published shapes that `runs` (newest first) measured on the device of the newest of them; the smallest first.
std::vector<SizePoint> sizePoints(const std::vector<RunSummary>& runs);

class SizeFigure : public QWidget {
    Q_OBJECT

public:
    SizeFigure(ActionRegistry& actions, QWidget* parent = nullptr);
    void show(const std::vector<RunSummary>& runs);

private:
    PlotView* memory_;
    PlotView* latency_;
    QWidget* plots_;  // both
    QLabel* note_;
    std::vector<RunSummary> runs_;

    void changeEvent(QEvent* event) override;
    void draw();
};

}  // namespace ternion::app
