// A cell of the map from near: its values, the gates and the weights behind it.
#pragma once

#include <QWidget>
#include <optional>

#include "compare/cell_place.h"
#include "compare/live_comparison.h"

class QLabel;
class QTabWidget;

namespace ternion::app {

class ActionRegistry;
class CellGates;
class CellValues;
class CellWeights;

/// GUI thread. Only the tab that is seen is kept up to date.
class CellView : public QWidget {
    Q_OBJECT

public:
    /// `source` outlives it.
    CellView(LiveComparison& source, ActionRegistry& actions, QWidget* parent = nullptr);

    void show(const CellPlace& place);
    void clear();  ///< there is another comparison
    const std::optional<CellPlace>& place() const { return place_; }

signals:
    void channelChosen(int channel);

private:
    void refresh();

    LiveComparison& source_;
    std::optional<CellPlace> place_;
    QLabel* title_;
    QTabWidget* tabs_;
    CellValues* values_;
    CellGates* gates_;
    CellWeights* weights_;
};

}  // namespace ternion::app
