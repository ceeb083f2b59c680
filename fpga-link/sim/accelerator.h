// The accelerator as the shell around it sees it: registers, an interrupt line, a clock, and memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace ternion::fpga {

/// Device memory as a simulation models it. The shell owns it; an accelerator reads its settings each cycle.
struct DeviceMemory {
    std::span<std::byte> bytes;
    std::uint32_t latency = 100;  ///< cycles from a read's address to its first word
    std::uint32_t rate = 1024;    ///< words in 1024 cycles, at most
    /// Accesses from here on are answered with a bus error. For tests.
    std::uint64_t failsFrom = std::numeric_limits<std::uint64_t>::max();
};

/// Implementations: VerilatedAccelerator, the RTL cycle by cycle; ReferenceAccelerator, what the instructions mean, without
/// cycles. Used by one thread.
class Accelerator {
public:
    virtual ~Accelerator() = default;
    virtual std::uint32_t read(std::uint32_t offset) = 0;
    virtual void write(std::uint32_t offset, std::uint32_t value) = 0;
    /// Lets the clock run for `cycles` at most, and returns sooner once nothing is under way or the interrupt line has risen.
    virtual void run(std::uint64_t cycles) = 0;
    virtual bool busy() const = 0;
    virtual bool interrupt() const = 0;  ///< a level, until INTERRUPT_STATUS is cleared
};

}  // namespace ternion::fpga
