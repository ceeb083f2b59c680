#include "link/xdma_board.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "accelerator_interface.h"
#include "link/bounds.h"
#include "link/card_protocol.h"
#include "link/event_wait.h"
#include "link/failures.h"
#include "link/xdma_files.h"

namespace ternion::fpga {
namespace {

constexpr std::uint64_t windowBytes = 0x2000;                // what our bitstreams decode
constexpr std::size_t longestPiece = std::size_t{64} << 20;  // the driver pins the pages of a whole call

Result<FileDescriptor> openDevice(const std::filesystem::path& path, int flags) {
    FileDescriptor file(open(path.c_str(), flags | O_CLOEXEC));
    if (!file) return Error{ErrorCode::DeviceUnavailable, "cannot open " + path.string() + ": " + reasonOf(errno), {}};
    return file;
}

/// All of `bytes` by `transfer(bytes, size, deviceAddress)`, pread's or pwrite's kind.
template <class Bytes, class Transfer>
Status transferAll(Bytes bytes, std::uint64_t deviceAddress, const Transfer& transfer) {
    while (!bytes.empty()) {
        const auto count = transfer(bytes.data(), std::min(bytes.size(), longestPiece), static_cast<off_t>(deviceAddress));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0)
            return Error{ErrorCode::DeviceLost,
                         "the copy stopped at device address " + hexText(deviceAddress) + ": " +
                             (count < 0 ? reasonOf(errno) : "no more bytes"),
                         {}};
        bytes = bytes.subspan(static_cast<std::size_t>(count));
        deviceAddress += static_cast<std::uint64_t>(count);
    }
    return {};
}

}  // namespace

Result<std::unique_ptr<XdmaBoard>> XdmaBoard::open(const std::filesystem::path& folder, const std::string& prefix,
                                                   std::string pciAddress) {
    std::unique_ptr<XdmaBoard> board(new XdmaBoard);
    board->info_.id = (folder / prefix).string();
    board->info_.name = "XDMA board " + prefix;
    board->info_.transport = "xdma";
    board->info_.pciAddress = std::move(pciAddress);
    if (auto ready = board->setUp(folder, prefix); !ready) return board->told(whileOpening(ready.error()));
    board->info_.usable = true;
    return board;
}

Status XdmaBoard::setUp(const std::filesystem::path& folder, const std::string& prefix) {
    const auto files = XdmaFiles::in(folder, prefix);
    TERNION_TRY(registers_, XdmaRegisters::open(files.user, windowBytes));
    TERNION_TRY(toCard_, openDevice(files.toCard, O_WRONLY));
    TERNION_TRY(fromCard_, openDevice(files.fromCard, O_RDONLY));
    TERNION_TRY(events_, openDevice(files.events, O_RDONLY | O_NONBLOCK));
    TERNION_CHECK(shellProtocol().identify(*this));
    TERNION_TRY(memoryBytes_, shellProtocol().memoryBytes(*this));
    TERNION_TRY(const auto flags, read32(shell::shellFlags));
    info_.simulated = (flags & 1) != 0;
    return {};
}

Error XdmaBoard::told(Error error) const {
    error.context = info_.id;
    return error;
}

Result<std::uint32_t> XdmaBoard::read32(std::uint32_t offset) {
    TERNION_CHECK(checkRegister(info_, windowBytes, offset));
    auto value = registers_->read(offset);
    if (!value) return told(value.error());
    return value;
}

Status XdmaBoard::write32(std::uint32_t offset, std::uint32_t value) {
    TERNION_CHECK(checkRegister(info_, windowBytes, offset));
    auto written = registers_->write(offset, value);
    if (!written) return told(written.error());
    return {};
}

Status XdmaBoard::copyIn(std::uint64_t deviceAddress, std::span<const std::byte> bytes) {
    TERNION_CHECK(checkMemory(info_, memoryBytes_, deviceAddress, bytes.size()));
    const auto copied = transferAll(bytes, deviceAddress, [this](const std::byte* from, std::size_t size, off_t at) {
        return pwrite(toCard_.get(), from, size, at);
    });
    if (!copied) return told(copied.error());
    return {};
}

Status XdmaBoard::copyOut(std::uint64_t deviceAddress, std::span<std::byte> bytes) {
    TERNION_CHECK(checkMemory(info_, memoryBytes_, deviceAddress, bytes.size()));
    const auto copied = transferAll(bytes, deviceAddress, [this](std::byte* to, std::size_t size, off_t at) {
        return pread(fromCard_.get(), to, size, at);
    });
    if (!copied) return told(copied.error());
    return {};
}

Status XdmaBoard::takeEvents() {
    std::uint32_t count = 0;
    // The driver's read waits for an event whatever the descriptor's flags say.
    while (waitForEvent(events_.get(), -1, std::chrono::milliseconds(0), {}) == Wake::Event)
        if (read(events_.get(), &count, sizeof count) != sizeof count)
            return told({ErrorCode::DeviceLost, "its interrupts cannot be read any more", {}});
    return {};
}

Status XdmaBoard::submit() {
    TERNION_CHECK(shellProtocol().prepare(*this));
    TERNION_CHECK(takeEvents());
    return shellProtocol().start(*this);
}

Result<bool> XdmaBoard::waitInterrupt(std::chrono::milliseconds timeout, const std::stop_token& stop) {
    switch (waitForEvent(events_.get(), registers_->life(), timeout, stop)) {
        case Wake::Timeout:
            return false;
        case Wake::Stopped:
            return Error{ErrorCode::Cancelled, "stopped", info_.id};
        case Wake::Gone:
            return told({ErrorCode::DeviceLost, "the board is gone", {}});
        case Wake::Event:
            break;
    }
    TERNION_CHECK(shellProtocol().acknowledge(*this));
    TERNION_CHECK(takeEvents());
    return true;
}

}  // namespace ternion::fpga
