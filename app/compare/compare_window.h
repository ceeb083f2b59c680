// The window that puts devices side by side. It is one of its own, not a dock: two chats, a map and the plots take the width of
// the screen, while the docks of the main window follow what is selected here.
#pragma once

#include <QWidget>

#include "shell/panel.h"

class QAction;
class QLabel;
class QProgressBar;
class QPushButton;
class QScrollArea;
class QStackedWidget;
class QTabWidget;

namespace ternion::app {

class CompareResults;
class LiveComparison;
class MessageArea;
class PlanForm;
class Settings;

/// GUI thread. Keeps its size and place.
class CompareWindow : public QWidget {
    Q_OBJECT

public:
    /// All references outlive it.
    CompareWindow(const PanelContext& context, Settings& settings, QWidget* parent = nullptr);
    ~CompareWindow() override;

    PlanForm& form() const { return *form_; }
    LiveComparison& comparison() const { return *comparison_; }

protected:
    void closeEvent(QCloseEvent* event) override;

private:
    QWidget* makeLeft();
    void followEngine();
    void run();
    void refresh();
    void ended();

    PanelContext context_;
    Settings& settings_;
    std::unique_ptr<ActionRegistry> actions_;  // of this window's views: the palette of the main one has none of them
    LiveComparison* comparison_;
    PlanForm* form_;
    QScrollArea* formScroll_;
    QPushButton* run_;
    QPushButton* cancel_;
    QLabel* note_;
    MessageArea* messages_;
    QTabWidget* tabs_;
    QStackedWidget* pages_;
    CompareResults* results_;
};

/// The action that opens it, which is in the menus and the command palette; the window is made when it is wanted first.
/// `mainWindow` owns it.
QAction* addCompareWindow(const PanelContext& context, Settings& settings, QWidget* mainWindow);

}  // namespace ternion::app
