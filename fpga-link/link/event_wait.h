// Waiting for a descriptor that a device makes readable.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>

namespace ternion::fpga {

enum class Wake : std::uint8_t { Event, Gone, Timeout, Stopped };

/// Waits until `event` can be read. Gone: the other end of `event` closed, or anything at all is heard from `life`, a
/// descriptor that is silent as long as the device lives (-1: there is none). What has come counts before what has gone.
Wake waitForEvent(int event, int life, std::chrono::milliseconds timeout, const std::stop_token& stop);

}  // namespace ternion::fpga
