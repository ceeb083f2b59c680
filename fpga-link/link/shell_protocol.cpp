#include <chrono>
#include <string>
#include <thread>

#include "accelerator_interface.h"
#include "link/bounds.h"
#include "link/card_identity.h"
#include "link/card_protocol.h"

namespace ternion::fpga {
namespace {

using std::chrono::steady_clock;

constexpr std::uint32_t startsDma = 1;
constexpr std::uint32_t dmaToHost = 2;
constexpr std::uint32_t dmaBusy = 1;
constexpr std::uint32_t dmaFailed = 4;
constexpr std::uint32_t bothInterrupts = 3;
constexpr std::uint32_t startsProgram = 1;
constexpr auto dmaPatience = std::chrono::seconds(5);

class ShellProtocol final : public CardProtocol {
public:
    Status identify(Board& board) const override {
        TERNION_TRY(const auto identity, readIdentity(board));
        return checkIdentity(identity);
    }

    Result<std::uint64_t> memoryBytes(Board& board) const override { return read64(board, shell::memoryBytesLo); }

    std::uint32_t longestTransfer() const override {
        constexpr std::uint32_t oneGibibyte = 1U << 30;
        return oneGibibyte;
    }

    Status transfer(Board& board, const DmaTransfer& transfer) const override {
        TERNION_CHECK(write64(board, shell::dmaHostLo, transfer.busAddress));
        TERNION_CHECK(write64(board, shell::dmaDeviceLo, transfer.deviceAddress));
        TERNION_CHECK(board.write32(shell::dmaLength, transfer.bytes));
        TERNION_CHECK(board.write32(shell::dmaControl, startsDma | (transfer.toHost ? dmaToHost : 0)));
        const auto deadline = steady_clock::now() + dmaPatience;
        TERNION_TRY(auto status, board.read32(shell::dmaStatus));
        while ((status & dmaBusy) != 0) {
            if (steady_clock::now() > deadline)
                return Error{ErrorCode::DeviceLost, "its DMA engine does not come to an end", board.info().id};
            std::this_thread::yield();
            TERNION_TRY(status, board.read32(shell::dmaStatus));
        }
        if ((status & dmaFailed) != 0)
            return Error{ErrorCode::DeviceLost,
                         "its DMA engine refused " + std::to_string(transfer.bytes) + " bytes between bus address " +
                             hexText(transfer.busAddress) + " and device address " + hexText(transfer.deviceAddress),
                         board.info().id};
        return {};
    }

    Status prepare(Board& board) const override {
        TERNION_CHECK(board.write32(reg::interruptEnable, bothInterrupts));
        return acknowledge(board);
    }

    Status start(Board& board) const override { return board.write32(reg::control, startsProgram); }

    Status acknowledge(Board& board) const override { return board.write32(reg::interruptStatus, bothInterrupts); }
};

}  // namespace

const CardProtocol& shellProtocol() {
    static const ShellProtocol protocol;
    return protocol;
}

}  // namespace ternion::fpga
