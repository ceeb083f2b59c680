#include "measure/host_memory.h"

#include <fstream>
#include <string>

namespace ternion {

Result<HostMemory> hostMemory() {
    std::ifstream status("/proc/self/status");
    HostMemory memory;
    for (std::string key; status >> key;) {
        std::uint64_t kib = 0;
        if (key == "VmRSS:" && status >> kib) memory.resident = kib * 1024;
        if (key == "VmHWM:" && status >> kib) memory.peak = kib * 1024;
    }
    if (memory.peak == 0)
        return Error{ErrorCode::Unsupported, "the system does not tell how much memory a process uses", "/proc/self/status"};
    return memory;
}

}  // namespace ternion
