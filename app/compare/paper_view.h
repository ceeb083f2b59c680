// The paper's table: memory, latency, power and energy a token of the published models on GPUs and boards, ours beside what
// others have published.
#pragma once

#include <QWidget>

#include "views/latest_task.h"

class QLabel;

namespace ternion::app {

class ActionRegistry;
class PaperTableView;
class RunBook;

/// GUI thread; the table is made on another one, when it is seen.
class PaperView : public QWidget {
    Q_OBJECT

public:
    /// All references outlive it.
    PaperView(RunBook& runs, ActionRegistry& actions, QWidget* parent = nullptr);

protected:
    void showEvent(QShowEvent* event) override;

private:
    void make();
    RunBook& runs_;
    PaperTableView* table_;
    QLabel* note_;
    QString markdown_;
    LatestTask task_;
};

}  // namespace ternion::app
