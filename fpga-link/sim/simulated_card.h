// The card around an accelerator: device memory, the shell's registers, its DMA engine and its interrupt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "base/result.h"
#include "link/handles.h"
#include "sim/accelerator.h"

namespace ternion::fpga {

using AcceleratorFactory = std::function<std::unique_ptr<Accelerator>(DeviceMemory&)>;

struct CardSettings {
    std::uint64_t memoryBytes = std::uint64_t{256} << 20;
    std::uint32_t clockKhz = 200'000;
    std::uint32_t latency = 100;  ///< cycles, see DeviceMemory
    std::uint32_t rate = 1024;    ///< words in 1024 cycles

    // Faults, for tests.
    bool dropsInterrupts = false;
    bool stalls = false;                                ///< takes the doorbell, and never comes to an end
    std::optional<std::uint64_t> memoryFailsFrom = {};  ///< device address
    std::optional<std::uint32_t> version = {};
    std::optional<std::uint32_t> configHash = {};
};

/// Used by one thread.
class SimulatedCard {
public:
    /// The host's memory at a bus address, all of `size` bytes; empty where that is not for the card.
    using HostMemory = std::function<std::span<std::byte>(std::uint64_t busAddress, std::uint64_t size)>;

    static constexpr std::uint32_t windowBytes = 0x2000;  ///< of BAR 0

    /// `memory`: device memory that others see too, instead of the card's own. OutOfMemory.
    static Result<std::unique_ptr<SimulatedCard>> create(const AcceleratorFactory& factory, const CardSettings& settings,
                                                         Mapping memory = {});
    SimulatedCard(const SimulatedCard&) = delete;
    SimulatedCard& operator=(const SimulatedCard&) = delete;
    ~SimulatedCard() = default;

    void connect(HostMemory host) { host_ = std::move(host); }

    /// A multiple of 4 below windowBytes; where there is no register, reads give 0 and writes are lost.
    std::uint32_t read(std::uint32_t offset);
    void write(std::uint32_t offset, std::uint32_t value);

    /// Whether the clock has to run for something to happen.
    bool busy() const { return !settings_.stalls && accelerator_->busy(); }
    void run(std::uint64_t cycles);
    /// True once for each time that the interrupt line has risen.
    bool takeInterrupt() { return std::exchange(interrupt_, false); }
    /// As after power on, but for what is in memory.
    void reset();

private:
    SimulatedCard(const CardSettings& settings, Mapping memory);
    std::uint32_t readShell(std::uint32_t offset) const;
    void writeShell(std::uint32_t offset, std::uint32_t value);
    bool copy(bool toHost) const;
    void watchInterrupt();

    CardSettings settings_;
    Mapping mapping_;
    DeviceMemory memory_;
    std::unique_ptr<Accelerator> accelerator_;  // reads memory_
    HostMemory host_;

    std::uint64_t dmaHost_ = 0;
    std::uint64_t dmaDevice_ = 0;
    std::uint32_t dmaLength_ = 0;
    std::uint32_t dmaStatus_ = 0;
    bool line_ = false;
    bool interrupt_ = false;
};

}  // namespace ternion::fpga
