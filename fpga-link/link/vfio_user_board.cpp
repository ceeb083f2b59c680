#include "link/vfio_user_board.h"

#include <fcntl.h>
#include <linux/vfio.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "link/bounds.h"
#include "link/card_identity.h"
#include "link/event_wait.h"
#include "link/failures.h"

namespace ternion::fpga {
namespace {

constexpr auto goingPatience = std::chrono::milliseconds(200);  // a process lets go of its socket before it has ended

Error systemError(const char* what) { return {ErrorCode::Io, std::string(what) + ": " + reasonOf(errno), {}}; }

/// A file without a name, whose size is fixed, so that neither side can pull memory from under the other.
Result<FileDescriptor> makeStagingFile() {
    FileDescriptor file(memfd_create("ternion-dma", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file || ftruncate(file.get(), stagingBytes) != 0 ||
        fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        return systemError("cannot make the DMA buffer");
    return file;
}

}  // namespace

Result<std::unique_ptr<VfioUserBoard>> VfioUserBoard::open(const std::filesystem::path& socket, Settings settings,
                                                           std::optional<BoardProcess> process) {
    std::unique_ptr<VfioUserBoard> board(new VfioUserBoard);
    board->info_.id = settings.id.empty() ? socket.string() : std::move(settings.id);
    board->info_.name = "Simulated board";
    board->info_.transport = "vfio-user";
    board->info_.simulated = true;
    board->process_ = std::move(process);
    if (auto ready = board->setUp(socket, settings.patience); !ready) return board->told(whileOpening(ready.error()));
    board->info_.usable = true;
    return board;
}

Status VfioUserBoard::setUp(const std::filesystem::path& socket, std::chrono::milliseconds patience) {
    TERNION_TRY(client_, VfioUserClient::connect(socket, patience));
    std::array<std::uint16_t, 2> identity{};
    TERNION_CHECK(client_.readRegion(VFIO_PCI_CONFIG_REGION_INDEX, 0, std::as_writable_bytes(std::span(identity))));
    if (identity[0] != pciVendor || identity[1] != pciDevice)
        return Error{ErrorCode::DeviceUnavailable,
                     "the device behind the socket is " + hexText(identity[0]) + ":" + hexText(identity[1]) + ", not ours",
                     {}};
    TERNION_TRY(windowBytes_, client_.regionBytes(VFIO_PCI_BAR0_REGION_INDEX));

    interrupt_ = FileDescriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!interrupt_) return systemError("cannot make an event");
    TERNION_CHECK(client_.connectInterrupt(interrupt_.get()));

    TERNION_TRY(const auto file, makeStagingFile());
    auto staging = Mapping::ofFile(file.get(), stagingBytes);
    if (!staging) return systemError("cannot map the DMA buffer");
    TERNION_CHECK(client_.mapDma(file.get(), cardStagingAddress, stagingBytes));
    copier_ = DmaCopier(shellProtocol(), std::move(staging), cardStagingAddress);

    TERNION_CHECK(shellProtocol().identify(*this));
    TERNION_TRY(memoryBytes_, shellProtocol().memoryBytes(*this));
    return {};
}

Error VfioUserBoard::told(Error error) {
    if (error.code == ErrorCode::DeviceLost && process_)
        if (const auto ending = process_->ending(goingPatience))
            error.message = "the simulated board's process has ended (" + *ending + ")";
    error.context = info_.id;
    return error;
}

Result<std::uint32_t> VfioUserBoard::read32(std::uint32_t offset) {
    TERNION_CHECK(checkRegister(info_, windowBytes_, offset));
    std::uint32_t value = 0;
    auto read = client_.readRegion(VFIO_PCI_BAR0_REGION_INDEX, offset, std::as_writable_bytes(std::span(&value, 1)));
    if (!read) return told(read.error());
    return value;
}

Status VfioUserBoard::write32(std::uint32_t offset, std::uint32_t value) {
    TERNION_CHECK(checkRegister(info_, windowBytes_, offset));
    auto written = client_.writeRegion(VFIO_PCI_BAR0_REGION_INDEX, offset, std::as_bytes(std::span(&value, 1)));
    if (!written) return told(written.error());
    return {};
}

Status VfioUserBoard::copyIn(std::uint64_t deviceAddress, std::span<const std::byte> bytes) {
    TERNION_CHECK(checkMemory(info_, memoryBytes_, deviceAddress, bytes.size()));
    return copier_.copyIn(*this, deviceAddress, bytes);
}

Status VfioUserBoard::copyOut(std::uint64_t deviceAddress, std::span<std::byte> bytes) {
    TERNION_CHECK(checkMemory(info_, memoryBytes_, deviceAddress, bytes.size()));
    return copier_.copyOut(*this, deviceAddress, bytes);
}

Status VfioUserBoard::submit() {
    TERNION_CHECK(shellProtocol().prepare(*this));
    eventfd_t leftOver = 0;
    eventfd_read(interrupt_.get(), &leftOver);
    return shellProtocol().start(*this);
}

Result<bool> VfioUserBoard::waitInterrupt(std::chrono::milliseconds timeout, const std::stop_token& stop) {
    if (client_.descriptor() < 0) return told({ErrorCode::DeviceLost, "the connection to the board was lost before", {}});
    switch (waitForEvent(interrupt_.get(), client_.descriptor(), timeout, stop)) {
        case Wake::Timeout:
            return false;
        case Wake::Stopped:
            return Error{ErrorCode::Cancelled, "stopped", info_.id};
        case Wake::Gone:
            return told({ErrorCode::DeviceLost, "the simulated board's process has ended", {}});
        case Wake::Event:
            break;
    }
    eventfd_t count = 0;
    eventfd_read(interrupt_.get(), &count);
    TERNION_CHECK(shellProtocol().acknowledge(*this));
    return true;
}

}  // namespace ternion::fpga
