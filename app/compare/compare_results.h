// What a comparison shows: the chats side by side, where they differ, what they cost, and the report.
#pragma once

#include <QWidget>
#include <optional>
#include <vector>

#include "compare/cell_place.h"
#include "shell/panel.h"

class QLabel;
class QPushButton;
class QTabWidget;

namespace ternion {
struct Divergence;
}

namespace ternion::app {

class CellView;
class CostPlots;
class DifferenceView;
class DivergenceLine;
class LiveComparison;
class MessageArea;
class SideView;
class SummaryView;

/// GUI thread. One token, one cell: what is chosen in one view is chosen in all of them, and layer, tensor and channel in the
/// shared Inspector too.
class CompareResults : public QWidget {
    Q_OBJECT

public:
    /// All references outlive it. `actions` are those of its window.
    CompareResults(LiveComparison& comparison, const PanelContext& context, ActionRegistry& actions, MessageArea& messages,
                   QWidget* parent = nullptr);

private:
    QWidget* makeHead();
    void begin();
    void showSides();
    void grow();
    void end();
    void chooseToken(int token);
    void chooseCell(const CellPlace& place);
    void goTo(const Divergence& divergence);
    void saveReport();

    LiveComparison& comparison_;
    PanelContext context_;
    MessageArea& messages_;
    std::vector<SideView*> sides_;
    std::vector<DivergenceLine*> lines_;
    QPushButton* report_;
    QTabWidget* tabs_;
    DifferenceView* differences_;
    CellView* cell_;
    CostPlots* costs_;
    SummaryView* summary_;
};

}  // namespace ternion::app
