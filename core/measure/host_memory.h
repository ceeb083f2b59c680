// What this process takes of the machine's memory.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace ternion {

struct HostMemory {
    std::uint64_t resident = 0;  ///< bytes now
    std::uint64_t peak = 0;      ///< bytes, the most so far
};

/// From /proc/self/status. Unsupported where the system has no such file.
Result<HostMemory> hostMemory();

}  // namespace ternion
