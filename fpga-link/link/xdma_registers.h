// The registers behind XDMA's PREFIX_user.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/result.h"

namespace ternion::fpga {

/// Offsets were checked. Errors: DeviceLost.
class XdmaRegisters {
public:
    virtual ~XdmaRegisters() = default;
    virtual Result<std::uint32_t> read(std::uint32_t offset) = 0;
    virtual Status write(std::uint32_t offset, std::uint32_t value) = 0;
    /// For waitForEvent: a descriptor that is silent as long as the device lives, or -1.
    virtual int life() const = 0;

    /// Of the driver's device, or of what ternion-board serves in its place. `windowBytes` are mapped where that is possible.
    /// DeviceUnavailable: no such device, no permission, or another program has it (a lock that all programs of ours take).
    static Result<std::unique_ptr<XdmaRegisters>> open(const std::filesystem::path& user, std::uint64_t windowBytes);
};

}  // namespace ternion::fpga
