// Runs leave the store as files, and foreign ones come in.
#pragma once

#include <QAction>
#include <QObject>
#include <vector>

#include "views/latest_task.h"

namespace ternion::app {

class ActionRegistry;
class MessageArea;
class RunBook;
class RunTable;

/// The actions for it, and their work, off the GUI thread. Lives with the panel; says what became of it in its messages.
class RunFiles : public QObject {
    Q_OBJECT

public:
    RunFiles(RunBook& book, RunTable& table, MessageArea& messages, ActionRegistry& actions, QWidget* panel);

    QAction* exporting() const { return export_; }  ///< of the current run
    QAction* importing() const { return import_; }

    void exportTo(std::int64_t run, const QString& path);
    void importFrom(const QString& path);

private:
    void ask(bool toSave, const QString& name, const std::function<void(const QString&)>& run);

    RunBook& book_;
    MessageArea& messages_;
    QWidget* panel_;
    QAction* export_;
    QAction* import_;
    LatestTask exportTask_, importTask_;
};

}  // namespace ternion::app
