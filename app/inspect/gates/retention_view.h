// How long a layer's channels remember: their half-lives, the layers beside each other, and the channels one by one.
#pragma once

#include <QWidget>
#include <vector>

#include "inspect/gates/gate_reading.h"
#include "inspect/growing_views.h"

class QLabel;
class QPushButton;

namespace ternion::app {

class ActionRegistry;
class NumberTable;

class RetentionView : public QWidget {
    Q_OBJECT

public:
    explicit RetentionView(ActionRegistry& actions, QWidget* parent = nullptr);

    /// `reading` holds `layer`.
    void setReading(const GateReading& reading, int layer);
    void setMarked(int layer, int channel);
    bool allLayers() const;  ///< whether the forget gates of every layer are wanted

signals:
    void channelChosen(int channel);
    void layerChosen(int layer);
    void allLayersChanged();

private:
    void showHistogram(const LayerRetention& layer);
    void showChannels(const LayerRetention& layer);
    void showLayers(const GateReading& reading);

    QLabel* summary_;
    PlotView* histogram_;
    PlotView* layers_;
    NumberTable* channels_;
    QPushButton* all_;
    PlotFit histogramFit_, layersFit_;
    std::vector<int> channelOfRow_;  // of the table
};

}  // namespace ternion::app
