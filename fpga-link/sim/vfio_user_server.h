// The server's end of vfio-user: shows a simulated card as a PCI device behind a socket.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "link/handles.h"
#include "link/vfio_user_channel.h"
#include "sim/board_server.h"
#include "sim/simulated_card.h"

namespace ternion::fpga {

/// One client at a time; another one is told that the board is taken. Nothing that a client sends is believed: sizes, offsets
/// and counts are checked, and one that speaks nonsense is let go of.
class VfioUserServer final : public BoardServer {
public:
    /// The name goes with the server.
    static Result<std::unique_ptr<VfioUserServer>> listen(const std::filesystem::path& socket, SimulatedCard& card);
    VfioUserServer(const VfioUserServer&) = delete;
    VfioUserServer& operator=(const VfioUserServer&) = delete;
    ~VfioUserServer() override;

    Result<Event> serve(std::chrono::milliseconds timeout) override;
    void interrupt() override;
    bool hasClient() const override { return static_cast<bool>(client_); }

private:
    /// A reply's payload, or an errno.
    struct Answer {
        std::uint32_t error = 0;
        std::vector<std::byte> payload;
    };
    VfioUserServer(FileDescriptor listener, std::filesystem::path socket, SimulatedCard& card);
    void acceptClient();
    Status answerClient();
    void letGo();

    Answer answer(const vfio_user::Message& message);
    Answer version(std::span<const std::byte> payload) const;
    Answer deviceInfo() const;
    Answer regionInfo(std::span<const std::byte> payload) const;
    Answer irqInfo(std::span<const std::byte> payload) const;
    Answer setIrqs(const vfio_user::Message& message);
    Answer mapDma(const vfio_user::Message& message);
    Answer unmapDma(std::span<const std::byte> payload);
    Answer access(std::span<const std::byte> payload, bool write);
    std::uint32_t accessWindow(std::uint64_t offset, std::span<std::byte> bytes, bool write);
    std::uint32_t accessConfiguration(std::uint64_t offset, std::span<std::byte> bytes, bool write);
    std::span<std::byte> hostMemory(std::uint64_t busAddress, std::uint64_t size) const;

    FileDescriptor listener_;
    std::filesystem::path socket_;
    SimulatedCard& card_;
    vfio_user::Channel client_;
    bool agreed_ = false;  // on a version
    FileDescriptor event_;
    std::map<std::uint64_t, Mapping> host_;  // by bus address
    std::vector<std::byte> configuration_;   // of PCI
};

}  // namespace ternion::fpga
