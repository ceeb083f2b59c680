// A board behind a vfio-user socket: a simulated one that ternion-board serves, in a process of its own.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>

#include "link/board.h"
#include "link/board_process.h"
#include "link/dma_copier.h"
#include "link/handles.h"
#include "link/vfio_user_client.h"

namespace ternion::fpga {

class VfioUserBoard final : public Board {
public:
    struct Settings {
        std::string id;                                                 ///< as in BoardInfo; empty: the socket's name
        std::chrono::milliseconds patience = std::chrono::seconds(10);  ///< with a server that does not answer
    };

    /// `process`: the server, where it is to end with the board. DeviceUnavailable: nobody serves the socket, another program
    /// has the board, or it is not what we can drive.
    static Result<std::unique_ptr<VfioUserBoard>> open(const std::filesystem::path& socket, Settings settings,
                                                       std::optional<BoardProcess> process = {});

    const BoardInfo& info() const override { return info_; }
    Result<std::uint32_t> read32(std::uint32_t offset) override;
    Status write32(std::uint32_t offset, std::uint32_t value) override;
    Status copyIn(std::uint64_t deviceAddress, std::span<const std::byte> bytes) override;
    Status copyOut(std::uint64_t deviceAddress, std::span<std::byte> bytes) override;
    Status submit() override;
    Result<bool> waitInterrupt(std::chrono::milliseconds timeout, const std::stop_token& stop = {}) override;

    /// The server, where it came with the board.
    const std::optional<BoardProcess>& process() const { return process_; }

private:
    VfioUserBoard() = default;
    Status setUp(const std::filesystem::path& socket, std::chrono::milliseconds patience);
    /// An error of the connection, with how the process ended where we know.
    Error told(Error error);

    BoardInfo info_;
    std::optional<BoardProcess> process_;  // ends after the connection
    VfioUserClient client_;
    FileDescriptor interrupt_;
    DmaCopier copier_;
    std::uint64_t windowBytes_ = 0;
    std::uint64_t memoryBytes_ = 0;
};

}  // namespace ternion::fpga
