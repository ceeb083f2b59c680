// The weights behind a cell: the trits of the matrix that feeds it, of both models where they are two.
#pragma once

#include <QWidget>
#include <vector>

#include "compare/cell_place.h"
#include "compare/weight_difference.h"
#include "views/latest_task.h"

class QLabel;

namespace ternion::app {

class ActionRegistry;
class LinkedMaps;
class MapView;
class ViewRow;

/// GUI thread; matrices are compared on another one.
class CellWeights : public QWidget {
    Q_OBJECT

public:
    explicit CellWeights(ActionRegistry& actions, QWidget* parent = nullptr);

    /// The models of side A and of the other one.
    void show(const std::shared_ptr<const Model>& first, const std::shared_ptr<const Model>& other, const CellPlace& place);
    void clear();

private:
    void draw(const WeightDifference& difference, const CellPlace& place);

    QLabel* note_;
    ViewRow* row_;
    std::vector<MapView*> maps_;
    LinkedMaps* linked_;
    LatestTask task_;
};

}  // namespace ternion::app
