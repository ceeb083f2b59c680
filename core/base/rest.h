// A pause that can be stopped.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

#include "base/result.h"

namespace ternion {

/// Waits. Cancelled as soon as `stop` is requested.
inline Status rest(double seconds, const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait_for(lock, stop, std::chrono::duration<double>(seconds), [] { return false; });
    if (stop.stop_requested()) return Error{ErrorCode::Cancelled, "stopped", {}};
    return {};
}

}  // namespace ternion
