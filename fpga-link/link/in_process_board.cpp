#include "link/in_process_board.h"

#include <thread>

#include "link/bounds.h"

namespace ternion::fpga {
namespace {

constexpr std::uint64_t cyclesBetweenLooks = 4096;

}  // namespace

Result<std::unique_ptr<InProcessBoard>> InProcessBoard::open(const AcceleratorFactory& factory, const CardSettings& settings) {
    std::unique_ptr<InProcessBoard> board(new InProcessBoard);
    board->info_.id = "in-process";
    board->info_.name = "Simulated board in this process";
    board->info_.transport = "in-process";
    board->info_.simulated = board->info_.usable = true;
    TERNION_TRY(board->card_, SimulatedCard::create(factory, settings));
    auto staging = Mapping::ofZeros(stagingBytes);
    if (!staging) return Error{ErrorCode::OutOfMemory, "there is no room for the DMA buffer", board->info_.id};
    board->copier_ = DmaCopier(shellProtocol(), std::move(staging), cardStagingAddress);
    board->card_->connect([host = board->copier_.staging()](std::uint64_t bus, std::uint64_t size) -> std::span<std::byte> {
        if (bus < cardStagingAddress || size > host.size() || bus - cardStagingAddress > host.size() - size) return {};
        return host.subspan(bus - cardStagingAddress, size);
    });
    TERNION_CHECK(shellProtocol().identify(*board));
    TERNION_TRY(board->memoryBytes_, shellProtocol().memoryBytes(*board));
    return board;
}

Result<std::uint32_t> InProcessBoard::read32(std::uint32_t offset) {
    TERNION_CHECK(checkRegister(info_, SimulatedCard::windowBytes, offset));
    card_->run(cyclesBetweenLooks);
    return card_->read(offset);
}

Status InProcessBoard::write32(std::uint32_t offset, std::uint32_t value) {
    TERNION_CHECK(checkRegister(info_, SimulatedCard::windowBytes, offset));
    card_->write(offset, value);
    return {};
}

Status InProcessBoard::copyIn(std::uint64_t deviceAddress, std::span<const std::byte> bytes) {
    TERNION_CHECK(checkMemory(info_, memoryBytes_, deviceAddress, bytes.size()));
    return copier_.copyIn(*this, deviceAddress, bytes);
}

Status InProcessBoard::copyOut(std::uint64_t deviceAddress, std::span<std::byte> bytes) {
    TERNION_CHECK(checkMemory(info_, memoryBytes_, deviceAddress, bytes.size()));
    return copier_.copyOut(*this, deviceAddress, bytes);
}

Status InProcessBoard::submit() {
    TERNION_CHECK(shellProtocol().prepare(*this));
    card_->takeInterrupt();
    return shellProtocol().start(*this);
}

Result<bool> InProcessBoard::waitInterrupt(std::chrono::milliseconds timeout, const std::stop_token& stop) {
    const auto start = std::chrono::steady_clock::now();
    while (!card_->takeInterrupt()) {
        if (stop.stop_requested()) return Error{ErrorCode::Cancelled, "stopped", info_.id};
        if (std::chrono::steady_clock::now() - start >= timeout) return false;
        if (card_->busy())
            card_->run(cyclesBetweenLooks);
        else
            std::this_thread::sleep_for(std::chrono::milliseconds(1));  // nothing will come: as slow as a silent board
    }
    TERNION_CHECK(shellProtocol().acknowledge(*this));
    return true;
}

}  // namespace ternion::fpga
