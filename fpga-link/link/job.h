// One program on a board, from the doorbell to its end.
#pragma once

#include <chrono>
#include <stop_token>

#include "link/board.h"

namespace ternion::fpga {

/// Starts the program that the registers name and waits for it. DeviceLost: the accelerator reports an error (its text, the
/// instruction and the address are in the message), does not come to an end, or ended without its interrupt; Cancelled. After
/// any of them the program may still run: resetAccelerator, or another board.
Status runJob(Board& board, std::chrono::milliseconds timeout, const std::stop_token& stop = {});

/// Ends what is under way. DeviceLost where the accelerator stays busy for longer than `patience`.
Status resetAccelerator(Board& board, std::chrono::milliseconds patience = std::chrono::seconds(2));

}  // namespace ternion::fpga
