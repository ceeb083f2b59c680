// The files of one XDMA board, and how ternion-board serves the one among them that a plain file cannot stand for.
//
// The real driver                               served by ternion-board
// PREFIX_user      mmap, or pread and pwrite    a SEQPACKET socket: a RegisterRequest, a RegisterReply
// PREFIX_h2c_0     pwrite at a device address   a file as long as device memory, which the simulation maps
// PREFIX_c2h_0     pread at a device address    the same file by another name
// PREFIX_events_0  poll, read of a count        a pipe; a gone server hangs up, a gone driver does not
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace ternion::fpga {

struct XdmaFiles {
    std::filesystem::path user, toCard, fromCard, events;

    /// `prefix`: "xdma0"
    static XdmaFiles in(const std::filesystem::path& folder, const std::string& prefix) {
        return {folder / (prefix + "_user"), folder / (prefix + "_h2c_0"), folder / (prefix + "_c2h_0"),
                folder / (prefix + "_events_0")};
    }
};

struct RegisterRequest {
    std::uint32_t isWrite = 0;
    std::uint32_t offset = 0;
    std::uint32_t value = 0;
};

/// One comes unasked at first: whether the board can be had.
struct RegisterReply {
    std::uint32_t error = 0;  ///< errno
    std::uint32_t value = 0;
};

}  // namespace ternion::fpga
