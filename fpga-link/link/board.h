// One FPGA board, whatever leads to it: a socket to a simulation, XDMA's character devices, or VFIO.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>

#include "base/result.h"

namespace ternion::fpga {

/// What was found, before or after opening it.
struct BoardInfo {
    std::string id;          ///< what `--backend fpga:ID` takes: "sim", "/dev/xdma0", "0000:03:00.0"
    std::string name;        ///< for people
    std::string transport;   ///< "vfio-user", "xdma", "vfio-pci", "in-process"
    std::string pciAddress;  ///< empty: on no bus
    bool simulated = false;  ///< its clock and its power are assumptions
    bool usable = false;
    std::string reason;  ///< why it is not usable, and what to do
};

/// An open board; nobody else has it open. Used by one thread at a time. Its errors are DeviceLost (unplugged, its process
/// gone), DeviceUnavailable (no permission, taken, wrong identity), InvalidArgument (an offset or address that it has not).
///
/// Nothing outside a transport sees a mapped register or a bus address. Cycles are in the accelerator's registers; power, where
/// a sensor tells it, is read at the board's PCI address (core/measure/probes.h).
class Board {
public:
    virtual ~Board() = default;
    virtual const BoardInfo& info() const = 0;

    /// Registers of BAR 0; offsets are those of accelerator_interface.h, multiples of 4.
    virtual Result<std::uint32_t> read32(std::uint32_t offset) = 0;
    virtual Status write32(std::uint32_t offset, std::uint32_t value) = 0;

    /// Device memory, any address and size within it.
    virtual Status copyIn(std::uint64_t deviceAddress, std::span<const std::byte> bytes) = 0;
    virtual Status copyOut(std::uint64_t deviceAddress, std::span<std::byte> bytes) = 0;

    /// Rings the doorbell: starts the program that the registers name. One interrupt answers it, at the end or at an error.
    virtual Status submit() = 0;
    /// True: the interrupt is there, and taken. False: it was not within `timeout`. Cancelled: `stop` was requested.
    virtual Result<bool> waitInterrupt(std::chrono::milliseconds timeout, const std::stop_token& stop = {}) = 0;
};

/// 64 bits from a register and the one after it.
Result<std::uint64_t> read64(Board& board, std::uint32_t offset);
Status write64(Board& board, std::uint32_t offset, std::uint64_t value);

}  // namespace ternion::fpga
