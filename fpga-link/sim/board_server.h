// What ternion-board serves its card through.
#pragma once

#include <chrono>

#include "base/result.h"

namespace ternion::fpga {

/// Used by one thread. The card, which it was made with, outlives it.
class BoardServer {
public:
    enum class Event : bool { Nothing, ClientLeft };

    virtual ~BoardServer() = default;
    /// Answers what clients have asked, or what they ask within `timeout`. An error: it cannot go on.
    virtual Result<Event> serve(std::chrono::milliseconds timeout) = 0;
    /// Passes the card's interrupt on.
    virtual void interrupt() = 0;
    virtual bool hasClient() const = 0;
};

}  // namespace ternion::fpga
