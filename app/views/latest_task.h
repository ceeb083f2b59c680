// Work for another thread whose result a view shows; only the newest counts.
#pragma once

#include <QCoreApplication>
#include <QObject>
#include <QThreadPool>
#include <functional>
#include <memory>
#include <stop_token>
#include <utility>

namespace ternion::app {

/// GUI thread. `run` starts `work` on a thread of the pool and stops the one before; `show` gets its result on the GUI thread,
/// unless a newer one was started or the task is gone. `work` owns what it reads.
class LatestTask : public QObject {
public:
    using QObject::QObject;
    ~LatestTask() override { stop_.request_stop(); }

    template <class Work, class Show>
    void run(Work work, Show show) {
        stop_.request_stop();
        stop_ = std::stop_source();
        running_ = true;
        const auto alive = alive_;
        QThreadPool::globalInstance()->start([this, number = ++number_, stop = stop_.get_token(), work = std::move(work),
                                              show = std::move(show), weak = std::weak_ptr<int>(alive)]() mutable {
            auto result = std::make_shared<decltype(work(stop))>(work(stop));
            if (stop.stop_requested()) return;
            QMetaObject::invokeMethod(qApp, [this, number, weak, result, show = std::move(show)]() mutable {
                if (weak.expired() || number != number_) return;
                running_ = false;
                show(std::move(*result));
            });
        });
    }
    /// Nothing of what is under way is shown.
    void stop() {
        stop_.request_stop();
        ++number_;
        running_ = false;
    }
    bool running() const { return running_; }

private:
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
    std::stop_source stop_{std::nostopstate};
    int number_ = 0;
    bool running_ = false;
};

}  // namespace ternion::app
