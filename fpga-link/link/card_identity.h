// What the registers of a card say that it is.
#pragma once

#include <cstdint>

#include "link/board.h"
#include "program/configuration.h"

namespace ternion::fpga {

/// PCI identity: that of Xilinx's XDMA example designs. Others use it too, so the registers have the last word.
inline constexpr std::uint16_t pciVendor = 0x10EE;
inline constexpr std::uint16_t pciDevice = 0x7024;

struct CardIdentity {
    std::uint32_t id = 0;
    std::uint32_t shell = 0;
    std::uint32_t version = 0;
    std::uint32_t configHash = 0;
    Configuration configuration;
    std::uint64_t memoryBytes = 0;  ///< of device memory
    std::uint32_t clockKhz = 0;     ///< assumed, where `simulated`
    bool simulated = false;
};

Result<CardIdentity> readIdentity(Board& board);

/// DeviceUnavailable: not an accelerator of ours, of a version that we do not speak, or with a hash that is not of its own
/// parameters.
Status checkIdentity(const CardIdentity& identity);

/// DeviceUnavailable where a program was made for another configuration than the card's.
Status checkConfiguration(const CardIdentity& identity, const Configuration& program);

}  // namespace ternion::fpga
