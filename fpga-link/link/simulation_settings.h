// What a simulated board assumes of the one that it stands for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ternion::fpga {

/// Each from 1 to its limit.
struct SimulationSettings {
    std::uint32_t memoryMebibytes = 256;
    std::uint32_t clockKhz = 200'000;
    std::uint32_t latency = 100;       ///< cycles from a read's address to its first word
    std::uint32_t rate = 1024;         ///< words that memory gives in 1024 cycles, at most
    std::vector<std::string> options;  ///< further ones of ternion-board
    bool operator==(const SimulationSettings&) const = default;

    static constexpr std::uint32_t mostMebibytes = 65'536;
    static constexpr std::uint32_t mostKhz = 1'000'000;
    static constexpr std::uint32_t longestLatency = 100'000;
    static constexpr std::uint32_t fullRate = 1024;
};

}  // namespace ternion::fpga
