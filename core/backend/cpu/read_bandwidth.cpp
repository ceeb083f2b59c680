#include "backend/cpu/read_bandwidth.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>

#include "base/aligned_buffer.h"

namespace ternion {

Result<double> readBandwidth(const Kernels& kernels, ThreadPool& pool) {
    using Clock = std::chrono::steady_clock;
    constexpr int kibibytes = 256 << 10;  // more than the caches of any processor but the largest servers'
    TERNION_TRY(auto buffer, AlignedBuffer::allocate(std::size_t{kibibytes} << 10));
    // Untouched pages are all one page of zeros: each needs memory of its own.
    pool.run(kibibytes, 1024, [&](int begin, int end) {
        std::memset(buffer.data() + (std::size_t(begin) << 10), 1, std::size_t(end - begin) << 10);
    });
    const ThreadPool::OwnCore core(pool);
    std::atomic<std::uint64_t> kept = 0;
    double best = 0.0;
    for (const auto start = Clock::now(); Clock::now() - start < std::chrono::milliseconds(120);) {
        const auto before = Clock::now();
        pool.run(kibibytes, 1024, [&](int begin, int end) {
            kept += kernels.readAll(buffer.data() + (std::size_t(begin) << 10), std::size_t(end - begin) << 10);
        });
        const std::chrono::duration<double> seconds = Clock::now() - before;
        best = std::max(best, static_cast<double>(buffer.size()) / seconds.count());
    }
    return best;
}

}  // namespace ternion
