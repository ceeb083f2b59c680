// What the system tells of the host's processor.
#pragma once

#include <sched.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ternion {

std::string processorName();          ///< "model name" of /proc/cpuinfo
std::uint64_t physicalMemoryBytes();  ///< of the machine

/// The hardware threads of every core, of those that the calling thread may run on; at least one core.
std::vector<cpu_set_t> physicalCores();

/// Asks for memory in use to move onto huge pages, neighbours included. A matrix smaller than such a page cannot have one of
/// its own, but those of a model lie side by side; on small pages a mat-vec reads at two thirds of its speed. A wish: where the
/// system cannot, nothing changes.
void gatherOnHugePages(std::span<const std::byte> bytes);

}  // namespace ternion
