// The vfio-user protocol, version 0.1: the messages that both ends of a socket exchange. Their payloads are the kernel's own
// structures of linux/vfio.h, but for the ones here. All numbers are in the order of the host.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ternion::fpga::vfio_user {

enum class Command : std::uint16_t {
    Version = 1,
    DmaMap = 2,
    DmaUnmap = 3,
    DeviceInfo = 4,
    RegionInfo = 5,
    IrqInfo = 7,
    SetIrqs = 8,
    RegionRead = 9,
    RegionWrite = 10,
    DeviceReset = 13,
};

struct Header {
    std::uint16_t id = 0;
    std::uint16_t command = 0;
    std::uint32_t size = 0;  ///< bytes of the message, this header included
    std::uint32_t flags = 0;
    std::uint32_t error = 0;  ///< errno, with isError
};
static_assert(sizeof(Header) == 16);

inline constexpr std::uint32_t typeBits = 0xF;  ///< of flags: 0 a command, 1 a reply
inline constexpr std::uint32_t isReply = 1;
inline constexpr std::uint32_t isError = 0x20;

struct Version {
    std::uint16_t major = 0;
    std::uint16_t minor = 1;
};  // then a text in JSON, with its zero

/// We need less than the protocol's defaults (one descriptor a message, transfers of a mebibyte), so a peer's text need not
/// be read: it can only offer more.
inline constexpr std::string_view capabilities = R"({"capabilities":{"max_msg_fds":1}})";

struct DmaMap {
    std::uint32_t argsz = sizeof(DmaMap);
    std::uint32_t flags = 0;
    std::uint64_t offset = 0;  ///< in the file that comes with the message
    std::uint64_t address = 0;
    std::uint64_t size = 0;
};
static_assert(sizeof(DmaMap) == 32);

inline constexpr std::uint32_t mapReadable = 1;
inline constexpr std::uint32_t mapWritable = 2;

struct DmaUnmap {
    std::uint32_t argsz = sizeof(DmaUnmap);
    std::uint32_t flags = 0;
    std::uint64_t address = 0;
    std::uint64_t size = 0;
};
static_assert(sizeof(DmaUnmap) == 24);

/// vfio_irq_set without the array at its end, which events do not use.
struct IrqSet {
    std::uint32_t argsz = sizeof(IrqSet);
    std::uint32_t flags = 0;
    std::uint32_t index = 0;
    std::uint32_t start = 0;
    std::uint32_t count = 0;
};
static_assert(sizeof(IrqSet) == 20);

struct RegionAccess {
    std::uint64_t offset = 0;
    std::uint32_t region = 0;
    std::uint32_t count = 0;
};  // then `count` bytes
static_assert(sizeof(RegionAccess) == 16);

/// Longer messages are refused. None of ours comes near it; a version's text may.
inline constexpr std::uint32_t longestMessage = 4096;

}  // namespace ternion::fpga::vfio_user
