// The weights that the trits were made of: how they lie about the thresholds, and what rounding cost.
#pragma once

#include <QWidget>
#include <memory>
#include <optional>
#include <vector>

#include "inspect/latent_weights.h"
#include "inspect/weights/shown_matrix.h"
#include "views/latest_task.h"

class QComboBox;
class QLabel;
class QStackedWidget;

namespace ternion::app {

class ActionRegistry;
class LinkedMaps;
class MapView;
class PlotView;
class ViewRow;

/// Reads the file when it is first seen with a matrix, on another thread.
class LatentView : public QWidget {
    Q_OBJECT

public:
    explicit LatentView(ActionRegistry& actions, QWidget* parent = nullptr);

    void setMatrices(const std::vector<ShownMatrix>& matrices, int channel);

signals:
    void channelActivated(int channel);

protected:
    void showEvent(QShowEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    struct Read {
        std::shared_ptr<const LatentWeights> weights;
        LatentStatistics statistics;
    };
    static Result<Read> readOne(const ShownMatrix& matrix, const std::stop_token& stop);
    void read();
    void take(const std::vector<Result<Read>>& all);
    void plot(PlotView& plot, const Read& read) const;
    void setSources();

    QStackedWidget* pages_;
    QLabel* note_;
    QComboBox* value_;
    ViewRow* plots_;
    ViewRow* maps_;
    std::vector<QLabel*> summaries_;
    std::vector<PlotView*> plotViews_;
    std::vector<MapView*> mapViews_;
    LinkedMaps* linked_;
    std::vector<ShownMatrix> matrices_;
    std::vector<Read> read_;
    bool due_ = false;  // to be read as soon as it is seen
    LatestTask task_;
};

}  // namespace ternion::app
