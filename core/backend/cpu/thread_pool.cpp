#include "backend/cpu/thread_pool.h"

#include <algorithm>
#include <cstdint>

#include "backend/cpu/host_processor.h"

namespace ternion {
namespace {

/// Returns when `value` is no longer `old`.
void await(const std::atomic<unsigned>& value, unsigned old) {
    // Of 20 to 50 ns each: longer than a sleeping thread takes to wake, or those that wait for it would sleep in turn, and one
    // that has to share its core would lose a whole slice of time at every meeting.
    constexpr int spins = 8000;
    for (int k = 0; k < spins; ++k) {
        if (value.load(std::memory_order_acquire) != old) return;
        __builtin_ia32_pause();
    }
    value.wait(old, std::memory_order_acquire);
}

}  // namespace

ThreadPool::ThreadPool(int size) {
    if (auto cores = physicalCores(); size > 1 && cores.size() == static_cast<std::size_t>(size)) cores_ = std::move(cores);
    for (int index = 1; index < size; ++index) workers_.emplace_back([this, index] { serve(index); });
}

ThreadPool::~ThreadPool() {
    task_ = {};  // nothing to call: the workers end
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_all();
}

ThreadPool::OwnCore::OwnCore(const ThreadPool& pool) {
    moved_ = !pool.cores_.empty() && sched_getaffinity(0, sizeof before_, &before_) == 0 &&
             sched_setaffinity(0, sizeof(cpu_set_t), &pool.cores_.front()) == 0;
}

ThreadPool::OwnCore::~OwnCore() {
    if (moved_) sched_setaffinity(0, sizeof before_, &before_);
}

void ThreadPool::start(const Task& task) {
    task_ = task;
    if (workers_.empty() || task.count <= task.grain) {
        task.call(task.work, 0, task.count);
        return;
    }
    busy_.store(static_cast<unsigned>(workers_.size()), std::memory_order_relaxed);
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_all();
    runPart(0);
    for (unsigned busy = busy_.load(std::memory_order_acquire); busy != 0; busy = busy_.load(std::memory_order_acquire))
        await(busy_, busy);
}

void ThreadPool::runPart(int index) const {
    const std::int64_t grains = (task_.count + task_.grain - 1) / task_.grain;
    const auto boundary = [&](int part) {
        return static_cast<int>(std::min<std::int64_t>(grains * part / size() * task_.grain, task_.count));
    };
    if (const int begin = boundary(index), end = boundary(index + 1); begin < end) task_.call(task_.work, begin, end);
}

void ThreadPool::serve(int index) {
    if (!cores_.empty()) sched_setaffinity(0, sizeof(cpu_set_t), &cores_[static_cast<std::size_t>(index)]);
    for (unsigned seen = 0;; ++seen) {
        await(round_, seen);
        if (task_.call == nullptr) return;
        runPart(index);
        if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) busy_.notify_one();
    }
}

}  // namespace ternion
