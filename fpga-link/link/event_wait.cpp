#include "link/event_wait.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

#include "link/handles.h"

namespace ternion::fpga {

Wake waitForEvent(int event, int life, std::chrono::milliseconds timeout, const std::stop_token& stop) {
    using std::chrono::steady_clock;
    const FileDescriptor stopped(stop.stop_possible() ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1);
    const std::stop_callback wakeUp(stop, [&stopped] { eventfd_write(stopped.get(), 1); });
    // A timeout too long for the clock is as good as none.
    constexpr auto longest = std::chrono::milliseconds(std::numeric_limits<int>::max());
    const auto deadline = steady_clock::now() + std::clamp(timeout, std::chrono::milliseconds(0), longest);
    for (;;) {
        std::array<pollfd, 3> watched{{{event, POLLIN, 0}, {life, POLLIN | POLLRDHUP, 0}, {stopped.get(), POLLIN, 0}}};
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now());
        const int count = poll(watched.data(), watched.size(), static_cast<int>(std::max(left.count(), std::int64_t{0})));
        if (count < 0 && errno != EINTR) return Wake::Gone;
        if (count > 0) {
            if ((watched[0].revents & POLLIN) != 0) return Wake::Event;
            if (watched[0].revents != 0 || watched[1].revents != 0) return Wake::Gone;
            return Wake::Stopped;
        }
        if (steady_clock::now() >= deadline) return Wake::Timeout;
    }
}

}  // namespace ternion::fpga
