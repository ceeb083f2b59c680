#include "runs/run_book.h"

#include <QDateTime>
#include <QStringList>
#include <QThreadPool>
#include <QTimer>
#include <QWidget>
#include <algorithm>
#include <atomic>
#include <utility>

namespace ternion::app {
namespace {

constexpr int lookMilliseconds = 500;

std::vector<std::int64_t> idsOf(const std::vector<RunSummary>& runs) {
    std::vector<std::int64_t> ids;
    ids.reserve(runs.size());
    for (const RunSummary& run : runs) ids.push_back(run.id);
    return ids;
}

}  // namespace

/// What happens off the GUI thread, one thing after the other: so a reading that is asked for after a writing sees it.
struct RunBook::Reading {
    explicit Reading(RunBook& book) : book(book) { pool.setMaxThreadCount(1); }

    void read() {
        if (queued.exchange(true)) return;
        pool.start([this] {
            queued = false;
            look();
        });
    }
    void write(std::function<Status(RunStore&)> what) {
        pool.start([this, what = std::move(what)] {
            if (const Status done = what(book.store_); !done)
                post([this, done] { book.tell(done); });
            else
                look();
        });
    }
    void look() {
        if (!reader) {
            auto opened = book.store_.reader();
            if (!opened) return post([this, error = opened.error()] { fail(error); });
            reader = std::move(opened).value();
        }
        const auto now = reader->version();
        if (!now) return post([this, error = now.error()] { fail(error); });
        if (version == *now) return;
        auto list = reader->list();
        if (!list) return post([this, error = list.error()] { fail(error); });
        version = *now;
        post([this, runs = std::make_shared<std::vector<RunSummary>>(std::move(list).value())] { take(std::move(*runs)); });
    }
    /// Dropped where the book is gone by then.
    void post(std::function<void()> what) { QMetaObject::invokeMethod(&book, std::move(what), Qt::QueuedConnection); }

    /// GUI thread.
    void fail(const Error& error) {
        if (const auto text = error.text(); std::exchange(told, text) != text) book.tell(error);
    }
    void take(std::vector<RunSummary> runs);

    RunBook& book;
    std::unique_ptr<RunReader> reader;
    std::optional<std::int64_t> version;
    std::atomic<bool> queued = false;
    std::string told;                                             // of reading, so that it is not told at every look
    std::int64_t newest = 0;                                      // the greatest id seen so far
    std::int64_t openedAt = QDateTime::currentMSecsSinceEpoch();  // what began before is no news
    bool first = true;
    QThreadPool pool;  // the last: it waits for its end before the rest goes
};

void RunBook::Reading::take(std::vector<RunSummary> runs) {
    const auto ids = idsOf(runs);
    const RunSummary* before = book.baseline();
    const std::int64_t baseline = before != nullptr ? before->id : 0;
    told.clear();
    book.runs_ = std::move(runs);
    std::vector<std::int64_t> shown = book.shown_;
    std::erase_if(shown, [&](std::int64_t id) { return std::find(ids.begin(), ids.end(), id) == ids.end(); });
    const auto begun = std::find_if(book.runs_.begin(), book.runs_.end(), [this](const RunSummary& run) {
        return run.origin.empty() && run.id > newest && (!first || run.startedAt >= openedAt);
    });
    if (book.follows_ && begun != book.runs_.end()) shown = {begun->id};
    for (const std::int64_t id : ids) newest = std::max(newest, id);
    first = false;
    const RunSummary* after = book.baseline();
    const bool other = shown != book.shown_ || baseline != (after != nullptr ? after->id : 0);
    book.shown_ = std::move(shown);
    emit book.changed();
    if (other) emit book.shownChanged();
}

RunBook::RunBook(RunStore& store, QObject* parent)
    : QObject(parent), store_(store), reading_(std::make_unique<Reading>(*this)), timer_(new QTimer(this)) {
    timer_->setInterval(lookMilliseconds);
    connect(timer_, &QTimer::timeout, this, [this] {
        if (std::any_of(watchers_.begin(), watchers_.end(), [](const QWidget* panel) { return panel->isVisible(); })) refresh();
    });
    timer_->start();
    refresh();
}

RunBook::~RunBook() { reading_.reset(); }

const RunSummary* RunBook::find(std::int64_t run) const {
    const auto found = std::find_if(runs_.begin(), runs_.end(), [run](const RunSummary& other) { return other.id == run; });
    return found == runs_.end() ? nullptr : &*found;
}

const RunSummary* RunBook::baseline() const {
    const auto found = std::find_if(runs_.begin(), runs_.end(), [](const RunSummary& run) { return run.baseline; });
    return found == runs_.end() ? nullptr : &*found;
}

void RunBook::show(std::vector<std::int64_t> runs) {
    if (runs == shown_) return;
    shown_ = std::move(runs);
    emit shownChanged();
}

void RunBook::setFollows(bool follows) { follows_ = follows; }

void RunBook::watch(QWidget* panel) {
    watchers_.push_back(panel);
    connect(panel, &QObject::destroyed, this, [this, panel] { std::erase(watchers_, panel); });
}

void RunBook::refresh() { reading_->read(); }

void RunBook::setNote(std::int64_t run, const QString& note) {
    reading_->write([run, text = note.toStdString()](RunStore& store) { return store.setNote(run, text); });
}

void RunBook::setTags(std::int64_t run, const QStringList& tags) {
    std::vector<std::string> all;
    all.reserve(static_cast<std::size_t>(tags.size()));
    for (const QString& tag : tags) all.push_back(tag.toStdString());
    reading_->write([run, all = std::move(all)](RunStore& store) { return store.setTags(run, all); });
}

void RunBook::setBaseline(std::int64_t run) {
    reading_->write([run](RunStore& store) { return store.setBaseline(run); });
}

void RunBook::remove(const std::vector<std::int64_t>& runs) {
    removed_ = runs;
    reading_->write([runs](RunStore& store) { return store.remove(runs); });
}

void RunBook::undoRemove() {
    reading_->write([runs = std::exchange(removed_, {})](RunStore& store) { return store.restore(runs); });
}

void RunBook::write(std::function<Status(RunStore&)> what) { reading_->write(std::move(what)); }

void RunBook::tell(const Status& done) {
    if (!done) emit problem(QString::fromStdString(done.error().text()));
}

}  // namespace ternion::app
