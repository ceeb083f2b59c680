// Copies between a program's memory and a card's, through a buffer that the card's DMA engine can reach.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "link/board.h"
#include "link/card_protocol.h"
#include "link/handles.h"

namespace ternion::fpga {

/// Bytes of the buffers that transports make for it: long enough that registers cost little beside the copy.
inline constexpr std::size_t stagingBytes = std::size_t{4} << 20;
/// Where they stand on the bus of a card that is a process or an object: any place serves it.
inline constexpr std::uint64_t cardStagingAddress = std::uint64_t{1} << 32;

class DmaCopier {
public:
    DmaCopier() = default;
    /// `staging` is what the card sees at `busAddress`; `protocol` outlives the copier.
    DmaCopier(const CardProtocol& protocol, Mapping staging, std::uint64_t busAddress)
        : protocol_(&protocol), staging_(std::move(staging)), busAddress_(busAddress) {}

    /// The addresses were checked. In pieces as long as the buffer and the card allow.
    Status copyIn(Board& board, std::uint64_t deviceAddress, std::span<const std::byte> bytes) const;
    Status copyOut(Board& board, std::uint64_t deviceAddress, std::span<std::byte> bytes) const;

    std::span<std::byte> staging() const { return staging_.bytes(); }

private:
    std::size_t pieceOf(std::size_t remaining) const;

    const CardProtocol* protocol_ = nullptr;
    Mapping staging_;
    std::uint64_t busAddress_ = 0;
};

}  // namespace ternion::fpga
