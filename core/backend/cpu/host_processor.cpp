#include "backend/cpu/host_processor.h"

#include <linux/mman.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fstream>
#include <map>

namespace ternion {

std::string processorName() {
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);)
        if (line.starts_with("model name"))
            if (const auto colon = line.find(": "); colon != std::string::npos) return line.substr(colon + 2);
    return "processor";
}

std::vector<cpu_set_t> physicalCores() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return {allowed};
    std::map<std::string, cpu_set_t> cores;  // by the list of their hardware threads
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (!CPU_ISSET(cpu, &allowed)) continue;
        std::ifstream file("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list");
        std::string siblings;
        if (!std::getline(file, siblings)) siblings = std::to_string(cpu);
        CPU_SET(cpu, &cores[siblings]);
    }
    std::vector<cpu_set_t> sets;
    sets.reserve(cores.size());
    for (const auto& [siblings, cpus] : cores) sets.push_back(cpus);
    return sets;
}

std::uint64_t physicalMemoryBytes() {
    const auto pages = sysconf(_SC_PHYS_PAGES), pageSize = sysconf(_SC_PAGESIZE);
    return pages > 0 && pageSize > 0 ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(pageSize) : 0;
}

void gatherOnHugePages([[maybe_unused]] std::span<const std::byte> bytes) {
#ifdef MADV_COLLAPSE
    constexpr std::size_t hugePage = std::size_t{2} << 20;
    const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
    for (std::uintptr_t page = begin / hugePage * hugePage; page < begin + bytes.size(); page += hugePage)
        madvise(reinterpret_cast<void*>(page), hugePage, MADV_COLLAPSE);  // NOLINT(performance-no-int-to-ptr)
#endif
}

}  // namespace ternion
