// The forget gate behind a cell: that of its layer, over all channels and tokens, of two sides and what lies between them.
#pragma once

#include <QWidget>
#include <vector>

#include "compare/cell_place.h"
#include "compare/comparison_feed.h"
#include "views/latest_task.h"

class QLabel;

namespace ternion::app {

class ActionRegistry;
class LinkedMaps;
class MapView;
class ViewRow;

/// GUI thread; the values are fetched on another one.
class CellGates : public QWidget {
    Q_OBJECT

public:
    explicit CellGates(ActionRegistry& actions, QWidget* parent = nullptr);

    void show(const std::shared_ptr<ComparisonFeed>& feed, const CellPlace& place, const QStringList& tokens);
    void clear();

private:
    QLabel* note_;
    ViewRow* row_;
    std::vector<MapView*> maps_;
    LinkedMaps* linked_;
    LatestTask task_;
};

}  // namespace ternion::app
