// What the system tells of the host's processor.
#pragma once

#include <cstdint>
#include <string>

namespace ternion {

std::string processorName();          ///< "model name" of /proc/cpuinfo
int physicalCores();                  ///< those this process may run on; at least 1
std::uint64_t physicalMemoryBytes();  ///< of the machine

}  // namespace ternion
