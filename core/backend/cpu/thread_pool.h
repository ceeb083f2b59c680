// The threads of one device model: they meet several times a layer, so a meeting must cost less than a microsecond.
#pragma once

#include <sched.h>

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace ternion {

/// Rows of one thread's part of a product: floats of a cache line, so that no two threads write the same one.
constexpr int rowGrain = 16;

/// `size` threads, the caller's being one. A thread with nothing to do spins for a fraction of a millisecond, which bridges the
/// pauses within a token, then sleeps: another process may have the core that it waits for. Used by one thread at a time;
/// destruction joins.
class ThreadPool {  // NOLINT(clang-analyzer-optin.performance.Padding): the atomics are kept apart on purpose
public:
    explicit ThreadPool(int size);
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;
    ~ThreadPool();

    int size() const { return static_cast<int>(workers_.size()) + 1; }

    /// While one of these lives, the calling thread has a core that no worker uses; afterwards it is free again. Threads that
    /// wait for each other every few microseconds look so idle that a scheduler may put them all on one core. Only a pool with
    /// a thread for every core places them: where some are free, the scheduler knows better which.
    class OwnCore {
    public:
        explicit OwnCore(const ThreadPool& pool);
        OwnCore(const OwnCore&) = delete;
        OwnCore& operator=(const OwnCore&) = delete;
        ~OwnCore();

    private:
        bool moved_ = false;
        cpu_set_t before_;
    };

    /// Calls `work(begin, end)` for disjoint parts of [0, count), one a thread, and returns when all are done. Parts begin at
    /// multiples of `grain` and depend on nothing but the arguments. Allocates nothing. `work` must not throw.
    template <class Work>
    void run(int count, int grain, const Work& work) {
        start({[](const void* context, int begin, int end) { (*static_cast<const Work*>(context))(begin, end); }, &work, count,
               grain});
    }

private:
    struct Task {
        void (*call)(const void* work, int begin, int end) = nullptr;
        const void* work = nullptr;
        int count = 0;
        int grain = 1;
    };

    void start(const Task& task);
    void runPart(int index) const;
    void serve(int index);

    std::vector<cpu_set_t> cores_;  // of each thread, the caller's first; empty: the scheduler's choice
    Task task_;
    alignas(64) std::atomic<unsigned> round_{0};  // raised to start the workers; their task is then task_
    alignas(64) std::atomic<unsigned> busy_{0};   // workers that have not finished this round
    std::vector<std::jthread> workers_;           // last: they use all of the above
};

}  // namespace ternion
