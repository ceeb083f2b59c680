#include "engine/worker.h"

#include <algorithm>

namespace ternion {

EngineWorker::EngineWorker() : thread_([this](const std::stop_token& quit) { run(quit); }) {}

EngineWorker::~EngineWorker() {
    dropQueued();
    thread_.request_stop();
    stopCurrent();
}

void EngineWorker::post(std::string tag, Job job) {
    {
        const std::lock_guard lock(mutex_);
        std::erase_if(queue_, [&](const Entry& entry) { return entry.tag == tag; });
        queue_.push_back({std::move(tag), std::move(job)});
    }
    wake_.notify_one();
}

void EngineWorker::stopCurrent() {
    const std::lock_guard lock(mutex_);
    current_.request_stop();
}

void EngineWorker::dropQueued() {
    const std::lock_guard lock(mutex_);
    queue_.clear();
}

bool EngineWorker::drop(std::string_view tag) {
    const std::lock_guard lock(mutex_);
    return std::erase_if(queue_, [&](const Entry& entry) { return entry.tag == tag; }) > 0;
}

bool EngineWorker::idle() const {
    const std::lock_guard lock(mutex_);
    return queue_.empty() && !current_.stop_possible();
}

void EngineWorker::run(const std::stop_token& quit) {
    std::unique_lock lock(mutex_);
    while (wake_.wait(lock, quit, [&] { return !queue_.empty(); })) {
        if (quit.stop_requested()) return;
        const Job job = std::move(queue_.front().job);
        queue_.pop_front();
        current_ = std::stop_source();
        const std::stop_token stop = current_.get_token();
        lock.unlock();
        job(stop);
        lock.lock();
        current_ = std::stop_source(std::nostopstate);
    }
}

}  // namespace ternion
