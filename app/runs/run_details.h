// Everything that the store knows of one run.
#pragma once

#include <QTextBrowser>
#include <optional>

#include "store/run_reader.h"
#include "views/latest_task.h"

namespace ternion::app {

class RunBook;

/// Details of the first run that the book shows; read off the GUI thread. GUI thread.
class RunDetails : public QTextBrowser {
    Q_OBJECT

public:
    /// `book` outlives it.
    explicit RunDetails(RunBook& book, QWidget* parent = nullptr);

    /// What is read of a run beside its summary.
    struct More {
        RunTexts texts;
        std::vector<SeriesFacts> series;
        std::size_t kernels = 0;
        std::size_t tokens = 0;
        std::vector<Annotation> annotations;
    };

protected:
    void changeEvent(QEvent* event) override;

private:
    void refresh();

    RunBook& book_;
    LatestTask reading_;
    std::int64_t run_ = 0;  // that is shown
};

/// As HTML, everything from the store escaped.
QString htmlOf(const RunSummary& run, const RunDetails::More& more);

}  // namespace ternion::app
