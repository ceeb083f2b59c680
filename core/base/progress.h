// How a long operation reports where it is and learns that it should stop.
#pragma once

#include <functional>
#include <stop_token>
#include <string_view>

namespace ternion {

/// Passed down into anything that can take more than 0.3 s (loading, converting, benchmarking).
/// `report` is called on the worker's thread, with what is being done and the fraction done (0 to 1); it may be empty.
/// An operation that sees `stop` requested returns ErrorCode::Cancelled within a tensor or a chunk and leaves nothing behind.
struct Progress {
    std::function<void(std::string_view what, double fraction)> report;
    std::stop_token stop;

    void tell(std::string_view what, double fraction) const {
        if (report) report(what, fraction);
    }
    bool stopped() const { return stop.stop_requested(); }
};

}  // namespace ternion
