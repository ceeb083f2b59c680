// How failures of the system's calls are told.
#pragma once

#include <cstring>
#include <string>
#include <utility>

#include "base/result.h"

namespace ternion::fpga {

/// Of an errno.
inline std::string reasonOf(int number) {
    return std::strerror(number);  // NOLINT(concurrency-mt-unsafe): glibc's is safe
}

inline Error unavailable(std::string message) { return {ErrorCode::DeviceUnavailable, std::move(message), {}}; }

/// What goes while it is being opened was never had: it is unavailable, not lost.
inline Error whileOpening(Error error) {
    if (error.code == ErrorCode::DeviceLost) error.code = ErrorCode::DeviceUnavailable;
    return error;
}

}  // namespace ternion::fpga
