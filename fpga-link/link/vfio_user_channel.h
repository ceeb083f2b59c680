// One end of a socket that vfio-user messages go through, whole and in bounded time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <span>
#include <type_traits>
#include <vector>

#include "base/result.h"
#include "link/handles.h"
#include "link/vfio_user_protocol.h"

namespace ternion::fpga::vfio_user {

struct Message {
    Header header;
    std::vector<std::byte> payload;
    FileDescriptor file;  ///< that came or goes with it
};

void putBytes(std::vector<std::byte>& payload, std::span<const std::byte> bytes);

/// Appends the bytes of a structure.
template <class T>
void put(std::vector<std::byte>& payload, const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    putBytes(payload, std::as_bytes(std::span(&value, 1)));
}

/// Appends what a version message ends with.
void putCapabilities(std::vector<std::byte>& payload);

/// The structure at the start of a payload. BadInput where it is shorter.
template <class T>
Result<T> take(std::span<const std::byte> payload) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (payload.size() < sizeof(T)) return Error{ErrorCode::BadInput, "a vfio-user message is too short", {}};
    T value;
    std::memcpy(&value, payload.data(), sizeof value);
    return value;
}

/// Its errors are DeviceLost (the other end closed, or was silent too long) and BadInput (what came is no message); after
/// either the channel is of no more use.
class Channel {
public:
    Channel() = default;
    explicit Channel(FileDescriptor socket) : socket_(std::move(socket)) {}

    /// Connects to a socket's name. DeviceUnavailable with what to do.
    static Result<Channel> connect(const std::filesystem::path& path);

    /// Sets the header's size. `file`: a descriptor that goes with it, or -1.
    Status send(Header header, std::span<const std::byte> payload, int file, std::chrono::milliseconds patience) const;
    Result<Message> receive(std::chrono::milliseconds patience) const;

    int descriptor() const { return socket_.get(); }
    explicit operator bool() const { return static_cast<bool>(socket_); }

private:
    FileDescriptor socket_;
};

}  // namespace ternion::fpga::vfio_user
