// Shares of the three trits: of the chosen matrices, and of their projection in every layer.
#pragma once

#include <QWidget>
#include <vector>

#include "inspect/weights/shown_matrix.h"

class QBoxLayout;
class QComboBox;
class QLabel;

namespace ternion::app {

class ActionRegistry;
class PlotView;
class TritBar;

class DistributionView : public QWidget {
    Q_OBJECT

public:
    explicit DistributionView(ActionRegistry& actions, QWidget* parent = nullptr);

    /// The first is the selected one, the second what it is compared with.
    void setMatrices(const std::vector<ShownMatrix>& matrices);

signals:
    void layerActivated(int layer);

private:
    void plot();
    void addCurves(const ShownMatrix& matrix, bool compared);
    void addBars(const ShownMatrix& matrix, double offset, double width, bool compared);

    struct Head {
        QWidget* box;
        QLabel* title;
        TritBar* bar;
        QLabel* summary;
    };
    std::vector<Head> heads_;
    QComboBox* kind_;
    QLabel* caption_;
    PlotView* plot_;
    std::vector<ShownMatrix> matrices_;
};

}  // namespace ternion::app
