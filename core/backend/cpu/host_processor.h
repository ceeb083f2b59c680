// What the system tells of the host's processor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace ternion {

std::string processorName();          ///< "model name" of /proc/cpuinfo
int physicalCores();                  ///< those this process may run on; at least 1
std::uint64_t physicalMemoryBytes();  ///< of the machine

/// Asks for memory in use to move onto huge pages, neighbours included. A matrix smaller than such a page cannot have one of
/// its own, but those of a model lie side by side; on small pages a mat-vec reads at two thirds of its speed. A wish: where the
/// system cannot, nothing changes.
void gatherOnHugePages(std::span<const std::byte> bytes);

}  // namespace ternion
