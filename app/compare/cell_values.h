// The values of one tensor at one token, of two sides and what lies between them.
#pragma once

#include <QWidget>

#include "compare/cell_place.h"
#include "compare/comparison_feed.h"
#include "views/latest_task.h"
#include "views/plot_fit.h"

class QLabel;

namespace ternion::app {

class ActionRegistry;

/// GUI thread; the values are fetched on another one.
class CellValues : public QWidget {
    Q_OBJECT

public:
    explicit CellValues(ActionRegistry& actions, QWidget* parent = nullptr);

    void show(const std::shared_ptr<ComparisonFeed>& feed, const CellPlace& place);
    void clear();

signals:
    void channelChosen(int channel);

private:
    struct Values {
        QVector<double> first, other, difference;
        QString problem;  ///< why they are not there; empty: they are
    };
    static Values read(const ComparisonFeed& feed, const CellPlace& place);
    void draw(const Values& values, const CellPlace& place);

    QLabel* note_;
    QWidget* plots_ = nullptr;  // both
    PlotView* both_;
    PlotView* difference_;
    PlotFit bothFit_, differenceFit_;
    LatestTask task_;
};

}  // namespace ternion::app
