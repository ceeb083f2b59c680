#include "link/dma_copier.h"

#include <algorithm>

namespace ternion::fpga {

std::size_t DmaCopier::pieceOf(std::size_t remaining) const {
    return std::min({remaining, staging_.bytes().size(), std::size_t{protocol_->longestTransfer()}});
}

Status DmaCopier::copyIn(Board& board, std::uint64_t deviceAddress, std::span<const std::byte> bytes) const {
    while (!bytes.empty()) {
        const std::size_t piece = pieceOf(bytes.size());
        std::copy_n(bytes.begin(), piece, staging_.bytes().begin());
        TERNION_CHECK(protocol_->transfer(board, {false, busAddress_, deviceAddress, static_cast<std::uint32_t>(piece)}));
        bytes = bytes.subspan(piece);
        deviceAddress += piece;
    }
    return {};
}

Status DmaCopier::copyOut(Board& board, std::uint64_t deviceAddress, std::span<std::byte> bytes) const {
    while (!bytes.empty()) {
        const std::size_t piece = pieceOf(bytes.size());
        TERNION_CHECK(protocol_->transfer(board, {true, busAddress_, deviceAddress, static_cast<std::uint32_t>(piece)}));
        std::copy_n(staging_.bytes().begin(), piece, bytes.begin());
        bytes = bytes.subspan(piece);
        deviceAddress += piece;
    }
    return {};
}

}  // namespace ternion::fpga
