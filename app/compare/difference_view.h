// Where and how much the sides differ: the map over layers and tokens, and the distance of their next tokens below it.
#pragma once

#include <QWidget>
#include <memory>

#include "compare/difference_map.h"
#include "compare/live_comparison.h"
#include "views/latest_task.h"

class QComboBox;
class QElapsedTimer;
class QLabel;

namespace ternion::app {

class ActionRegistry;
class MapView;
class PlotView;

/// GUI thread; the map is made on another one.
class DifferenceView : public QWidget {
    Q_OBJECT

public:
    /// `source` outlives it.
    DifferenceView(LiveComparison& source, ActionRegistry& actions, QWidget* parent = nullptr);

    ~DifferenceView() override;

    int side() const;  ///< that is compared with side A
    void begin();      ///< another comparison
    void grow();       ///< it has more tokens; drawn a few times a second
    void settle();     ///< it has all
    void setChosen(int layer, int token);
    const std::shared_ptr<const DifferenceMap>& map() const { return shown_; }  ///< null: none yet
    void paintMap(QPainter& painter, const QSize& size);                        ///< for the report
    MapView& mapView() const { return *map_; }

signals:
    /// The tensor and channel are those that differ most there.
    void cellChosen(int side, int token, ternion::TraceRequest::Item item, int channel);
    void tokenChosen(int token);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void draw();
    void drawKl();
    void alignKl();

    LiveComparison& source_;
    QComboBox* side_;
    QComboBox* tensor_;
    QComboBox* measure_;
    QLabel* equal_;
    MapView* map_;
    PlotView* kl_;
    std::shared_ptr<const DifferenceMap> shown_;
    LatestTask task_;
    std::unique_ptr<QElapsedTimer> drawn_;
    bool again_ = false;  // something has changed since the task began
};

}  // namespace ternion::app
