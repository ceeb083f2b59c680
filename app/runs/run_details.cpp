#include "runs/run_details.h"

#include <QScrollBar>
#include <memory>

#include "runs/run_book.h"

namespace ternion::app {
namespace {

Result<RunDetails::More> readMore(const RunReader& reader, std::int64_t run) {
    RunDetails::More more;
    TERNION_TRY(more.texts, reader.texts(run));
    TERNION_TRY(more.series, reader.series(run));
    TERNION_TRY(const auto kernels, reader.kernels(run));
    TERNION_TRY(const auto tokens, reader.tokens(run));
    TERNION_TRY(more.annotations, reader.annotations(run));
    more.kernels = kernels.size();
    more.tokens = tokens.size();
    return more;
}

}  // namespace

RunDetails::RunDetails(RunBook& book, QWidget* parent) : QTextBrowser(parent), book_(book) {
    setObjectName("runs.details");
    setAccessibleName(tr("Details of the run"));
    setProperty("textSize", "small");
    setProperty("flat", true);
    setOpenLinks(false);
    connect(&book, &RunBook::changed, this, &RunDetails::refresh);
    connect(&book, &RunBook::shownChanged, this, &RunDetails::refresh);
    refresh();
}

void RunDetails::changeEvent(QEvent* event) {
    QTextBrowser::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) refresh();  // the colours are in the text
}

void RunDetails::refresh() {
    const RunSummary* run = book_.shown().empty() ? nullptr : book_.find(book_.shown().front());
    if (run == nullptr) {
        reading_.stop();
        run_ = 0;
        setPlainText(
            tr("Choose a run to see what it was and what was measured. Choose two or more with Ctrl or Shift to compare "
               "them."));
        return;
    }
    auto opened = book_.store().reader();
    if (!opened) return setPlainText(QString::fromStdString(opened.error().text()));
    const auto summary = std::make_shared<RunSummary>(*run);
    reading_.run([reader = std::shared_ptr<RunReader>(std::move(opened).value()),
                  id = run->id](const std::stop_token&) { return readMore(*reader, id); },
                 [this, summary](const Result<More>& more) {
                     const int place = run_ == summary->id ? verticalScrollBar()->value() : 0;
                     run_ = summary->id;
                     setHtml(more ? htmlOf(*summary, *more) : QString::fromStdString(more.error().text()).toHtmlEscaped());
                     verticalScrollBar()->setValue(place);
                 });
}

}  // namespace ternion::app
