// How long the event loop is busy.
#pragma once

#include <QObject>
#include <QTimer>
#include <algorithm>
#include <ctime>

namespace ternion::app {

inline double threadSeconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// The longest that the event loop was busy with one thing, in milliseconds of the thread's own time: what other programs take
/// of the processor meanwhile is not the window's fault.
class Watchdog : public QObject {
public:
    Watchdog() {
        timer_.setInterval(0);
        connect(&timer_, &QTimer::timeout, this, [this] {
            const double now = threadSeconds();
            longest_ = std::max(longest_, now - last_);
            last_ = now;
        });
        last_ = threadSeconds();
        timer_.start();
    }
    double longest() const { return 1000.0 * std::max(longest_, threadSeconds() - last_); }

private:
    QTimer timer_;
    double last_ = 0.0;
    double longest_ = 0.0;
};

}  // namespace ternion::app
