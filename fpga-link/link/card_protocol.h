// What a card wants to see in its registers before it copies, starts or tells who it is. Transports know none of it.
#pragma once

#include <cstdint>

#include "link/board.h"

namespace ternion::fpga {

/// One run of the card's DMA engine.
struct DmaTransfer {
    bool toHost = false;
    std::uint64_t busAddress = 0;
    std::uint64_t deviceAddress = 0;
    std::uint32_t bytes = 0;
};

/// Stateless: one object serves any number of boards.
class CardProtocol {
public:
    virtual ~CardProtocol() = default;

    /// Whether this is a card that we can drive. DeviceUnavailable says what it is instead.
    virtual Status identify(Board& board) const = 0;
    /// Bytes of device memory.
    virtual Result<std::uint64_t> memoryBytes(Board& board) const = 0;
    /// Bytes that one transfer may have, at most.
    virtual std::uint32_t longestTransfer() const = 0;
    /// Returns once the bytes are there. DeviceLost: the engine failed, or does not come to an end.
    virtual Status transfer(Board& board, const DmaTransfer& transfer) const = 0;
    /// Enables the interrupt, and has the line let go of one left over from before.
    virtual Status prepare(Board& board) const = 0;
    /// Starts the job that registers describe.
    virtual Status start(Board& board) const = 0;
    /// Has the line let go of the interrupt.
    virtual Status acknowledge(Board& board) const = 0;
};

/// The shell of interface.def around the accelerator.
const CardProtocol& shellProtocol();

}  // namespace ternion::fpga
