#include "link/board.h"

namespace ternion::fpga {

Result<std::uint64_t> read64(Board& board, std::uint32_t offset) {
    TERNION_TRY(const std::uint64_t low, board.read32(offset));
    TERNION_TRY(const std::uint64_t high, board.read32(offset + 4));
    return low | high << 32;
}

Status write64(Board& board, std::uint32_t offset, std::uint64_t value) {
    TERNION_CHECK(board.write32(offset, static_cast<std::uint32_t>(value)));
    return board.write32(offset + 4, static_cast<std::uint32_t>(value >> 32));
}

}  // namespace ternion::fpga
