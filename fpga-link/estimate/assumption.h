// A number that an estimate rests on, and how sure it is.
#pragma once

#include <string>

namespace ternion::fpga {

/// Low and high are what a careful reader should still believe, not bounds of anything physical.
struct Range {
    double low = 0.0, typical = 0.0, high = 0.0;

    Range operator+(const Range& other) const { return {low + other.low, typical + other.typical, high + other.high}; }
    /// Of two that do not depend on each other, none of them negative.
    Range operator*(const Range& other) const { return {low * other.low, typical * other.typical, high * other.high}; }
    Range operator*(double factor) const { return {low * factor, typical * factor, high * factor}; }
};

struct Assumption {
    std::string name;
    Range value;
    std::string unit;
    std::string source;  ///< begins with "assumption" where nothing published was checked
};

}  // namespace ternion::fpga
