#include "link/vfio_user_channel.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "link/unix_socket.h"

namespace ternion::fpga::vfio_user {
namespace {

using std::chrono::steady_clock;

Error closed() { return {ErrorCode::DeviceLost, "the board's process has ended", {}}; }
Error silent() { return {ErrorCode::DeviceLost, "the board's process does not answer", {}}; }

/// Waits until the socket is ready for `events`.
Status waitReady(int socket, short events, steady_clock::time_point deadline) {
    for (;;) {
        pollfd watched{socket, events, 0};
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now());
        const int count = poll(&watched, 1, static_cast<int>(std::max(left.count(), std::int64_t{0})));
        if (count > 0) return {};
        if (count < 0 && errno != EINTR) return closed();
        if (steady_clock::now() >= deadline) return silent();
    }
}

/// Room for more descriptors than a message may have, so that one too many is seen and closed.
constexpr std::size_t fileRoom = 4;
using FileBuffer = std::array<char, CMSG_SPACE(fileRoom * sizeof(int))>;

/// Keeps the first descriptor that came and closes the others.
void keepFiles(msghdr& header, FileDescriptor& kept) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t k = 0; k < count; ++k) {
            int number = -1;
            std::memcpy(&number, CMSG_DATA(part) + k * sizeof number, sizeof number);
            FileDescriptor file(number);
            if (!kept) kept = std::move(file);
        }
    }
}

Status receiveAll(int socket, std::span<std::byte> bytes, FileDescriptor& file, steady_clock::time_point deadline) {
    while (!bytes.empty()) {
        TERNION_CHECK(waitReady(socket, POLLIN, deadline));
        alignas(cmsghdr) FileBuffer files{};
        iovec part{bytes.data(), bytes.size()};
        msghdr header{};
        header.msg_iov = &part;
        header.msg_iovlen = 1;
        header.msg_control = files.data();
        header.msg_controllen = files.size();
        const ssize_t count = recvmsg(socket, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (count <= 0) return closed();
        keepFiles(header, file);
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

}  // namespace

void putBytes(std::vector<std::byte>& payload, std::span<const std::byte> bytes) {
    payload.insert(payload.end(), bytes.begin(), bytes.end());
}

void putCapabilities(std::vector<std::byte>& payload) {
    putBytes(payload, std::as_bytes(std::span(capabilities)));
    payload.push_back(std::byte{0});
}

Result<Channel> Channel::connect(const std::filesystem::path& path) {
    TERNION_TRY(auto socket, connectSocket(path, SOCK_STREAM));
    return Channel(std::move(socket));
}

Status Channel::send(Header header, std::span<const std::byte> payload, int file, std::chrono::milliseconds patience) const {
    const auto deadline = steady_clock::now() + patience;
    header.size = static_cast<std::uint32_t>(sizeof header + payload.size());
    std::vector<std::byte> bytes;
    bytes.reserve(header.size);
    put(bytes, header);
    putBytes(bytes, payload);

    std::span<const std::byte> rest(bytes);
    while (!rest.empty()) {
        TERNION_CHECK(waitReady(socket_.get(), POLLOUT, deadline));
        alignas(cmsghdr) FileBuffer files{};
        iovec part{const_cast<std::byte*>(rest.data()), rest.size()};  // NOLINT(cppcoreguidelines-pro-type-const-cast)
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        if (file >= 0) {
            message.msg_control = files.data();
            message.msg_controllen = CMSG_SPACE(sizeof file);
            cmsghdr* rights = CMSG_FIRSTHDR(&message);
            rights->cmsg_level = SOL_SOCKET;
            rights->cmsg_type = SCM_RIGHTS;
            rights->cmsg_len = CMSG_LEN(sizeof file);
            std::memcpy(CMSG_DATA(rights), &file, sizeof file);
        }
        const ssize_t count = sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (count <= 0) return closed();
        file = -1;  // it went with the first bytes
        rest = rest.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

Result<Message> Channel::receive(std::chrono::milliseconds patience) const {
    const auto deadline = steady_clock::now() + patience;
    Message message;
    TERNION_CHECK(receiveAll(socket_.get(), std::as_writable_bytes(std::span(&message.header, 1)), message.file, deadline));
    if (message.header.size < sizeof(Header) || message.header.size > longestMessage)
        return Error{ErrorCode::BadInput, "a vfio-user message claims " + std::to_string(message.header.size) + " bytes", {}};
    message.payload.resize(message.header.size - sizeof(Header));
    TERNION_CHECK(receiveAll(socket_.get(), message.payload, message.file, deadline));
    return message;
}

}  // namespace ternion::fpga::vfio_user
