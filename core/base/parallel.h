// Loops over memory, on every core.
#pragma once

#include <algorithm>
#include <cstddef>
#include <system_error>
#include <thread>
#include <vector>

namespace ternion {

/// Calls `work(begin, end)` for disjoint parts of [0, count) that make up the whole, each on a thread of its own, and returns
/// when all are done. Starting a thread costs some 20 microseconds, so parts hold at least `grain`. `work` must not throw.
template <class Work>
void inParallel(std::size_t count, std::size_t grain, const Work& work) {
    const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
    const std::size_t parts = std::clamp<std::size_t>(count / grain, 1, cores);
    std::vector<std::jthread> others;
    std::size_t begin = 0;
    for (std::size_t part = 1; part < parts; ++part) {
        const std::size_t end = count * part / parts;
        try {
            others.emplace_back([&work, begin, end] { work(begin, end); });
        } catch (const std::system_error&) {
            break;  // no more threads to be had: the caller's does the rest
        }
        begin = end;
    }
    work(begin, count);
}

}  // namespace ternion
