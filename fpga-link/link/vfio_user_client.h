// The client's end of vfio-user: one device behind a socket.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <span>

#include "link/vfio_user_channel.h"

namespace ternion::fpga {

/// Used by one thread. Every call returns within `patience`. DeviceLost: the server is gone, or silent; all calls after it say
/// the same.
class VfioUserClient {
public:
    VfioUserClient() = default;

    /// Connects, agrees on a version and looks at the device. DeviceUnavailable: taken, or not a server of this protocol.
    static Result<VfioUserClient> connect(const std::filesystem::path& socket, std::chrono::milliseconds patience);

    /// Bytes of a region of linux/vfio.h; 0 where the device lacks it.
    Result<std::uint64_t> regionBytes(std::uint32_t region);
    /// At most 8 bytes.
    Status readRegion(std::uint32_t region, std::uint64_t offset, std::span<std::byte> bytes);
    Status writeRegion(std::uint32_t region, std::uint64_t offset, std::span<const std::byte> bytes);
    /// Has the device write to `event` with its first MSI-X vector.
    Status connectInterrupt(int event);
    /// Lets the device read and write the first `size` bytes of `file` at `busAddress`.
    Status mapDma(int file, std::uint64_t busAddress, std::uint64_t size);

    /// Silent as long as the server lives; for waitForEvent.
    int descriptor() const { return channel_.descriptor(); }

private:
    Result<vfio_user::Message> call(vfio_user::Command command, std::span<const std::byte> payload, int file = -1);
    Result<vfio_user::Message> exchange(vfio_user::Command command, std::span<const std::byte> payload, int file);

    vfio_user::Channel channel_;
    std::chrono::milliseconds patience_{0};
    std::string socket_;
    std::uint16_t nextId_ = 1;
};

}  // namespace ternion::fpga
