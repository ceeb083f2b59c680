// The comparisons that were made: a table, each one's report, and how equal sides change from version to version.
#pragma once

#include <QWidget>
#include <vector>

#include "compare/comparison_history.h"
#include "views/plot_fit.h"

class QComboBox;
class QLabel;
class QPushButton;
class QStackedWidget;
class QTextBrowser;

namespace ternion::app {

class ActionRegistry;
class HistoryTable;
class MessageArea;
class RunBook;
class StoreReading;

/// GUI thread; the store is read on another one, when something in it has changed and this is seen.
class HistoryView : public QWidget {
    Q_OBJECT

public:
    /// All references outlive it.
    HistoryView(RunBook& runs, ActionRegistry& actions, MessageArea& messages, QWidget* parent = nullptr);

protected:
    void showEvent(QShowEvent* event) override;

private:
    QWidget* makeControls();
    void read();
    void showChosen();
    void drawTrend(const ComparisonOutline* of);
    void askToRemove();

    RunBook& runs_;
    MessageArea& messages_;
    StoreReading* reading_;
    QStackedWidget* pages_;
    HistoryTable* table_;
    QTextBrowser* report_;
    QComboBox* quantity_;
    QLabel* trendNote_;
    PlotView* trend_;
    PlotFit trendFit_;
    QPushButton* baseline_;
    QPushButton* clear_;
    QPushButton* runsOf_;
    QPushButton* delete_;
};

}  // namespace ternion::app
