// Serves a simulated card by files named like those of the XDMA driver: see link/xdma_files.h for what differs from it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "link/handles.h"
#include "link/xdma_files.h"
#include "sim/board_server.h"
#include "sim/simulated_card.h"

namespace ternion::fpga {

/// The files, which go with it.
class XdmaFolder {
public:
    /// `folder` is the caller's and open to nobody else. Io, InvalidArgument.
    static Result<std::unique_ptr<XdmaFolder>> make(const std::filesystem::path& folder, std::uint64_t memoryBytes);
    XdmaFolder(const XdmaFolder&) = delete;
    XdmaFolder& operator=(const XdmaFolder&) = delete;
    ~XdmaFolder();

    /// Device memory, for the card.
    Mapping takeMemory() { return std::move(memory_); }
    int listener() const { return listener_.get(); }
    int events() const { return events_.get(); }

private:
    explicit XdmaFolder(XdmaFiles files) : files_(std::move(files)) {}
    Status fill(std::uint64_t memoryBytes);

    XdmaFiles files_;
    FileDescriptor listener_;
    FileDescriptor events_;
    Mapping memory_;
};

class XdmaServer final : public BoardServer {
public:
    XdmaServer(std::unique_ptr<XdmaFolder> folder, SimulatedCard& card) : folder_(std::move(folder)), card_(card) {}

    Result<Event> serve(std::chrono::milliseconds timeout) override;
    void interrupt() override;
    bool hasClient() const override { return static_cast<bool>(client_); }

private:
    void acceptClient();
    bool answerClient();
    void letGo();

    std::unique_ptr<XdmaFolder> folder_;
    SimulatedCard& card_;
    FileDescriptor client_;
};

}  // namespace ternion::fpga
