// The one thread that owns sessions and their devices.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

namespace ternion {

/// Runs posted jobs one after another. A job posted with the tag of one still queued replaces it; `stopCurrent` asks the
/// running job (only it) to stop. Destruction stops the running job, drops the rest and joins. All methods may be called from
/// any thread and never wait for a job. What a job reports, it reports by callbacks on the worker's thread.
class EngineWorker {
public:
    using Job = std::function<void(std::stop_token)>;

    EngineWorker();
    ~EngineWorker();
    EngineWorker(const EngineWorker&) = delete;
    EngineWorker& operator=(const EngineWorker&) = delete;

    void post(std::string tag, Job job);
    void stopCurrent();
    void dropQueued();
    bool drop(std::string_view tag);  ///< the job with this tag, where it still waits
    bool idle() const;

private:
    void run(const std::stop_token& quit);

    struct Entry {
        std::string tag;
        Job job;
    };
    mutable std::mutex mutex_;
    std::condition_variable_any wake_;
    std::deque<Entry> queue_;
    std::stop_source current_{std::nostopstate};
    std::jthread thread_;  // last: it uses all of the above
};

}  // namespace ternion
