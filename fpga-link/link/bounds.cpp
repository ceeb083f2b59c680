#include "link/bounds.h"

#include <array>
#include <charconv>

namespace ternion::fpga {

std::string hexText(std::uint64_t number) {
    std::array<char, 16> digits{};
    constexpr int base = 16;
    const auto end = std::to_chars(digits.begin(), digits.end(), number, base).ptr;
    return "0x" + std::string(digits.begin(), end);
}

Status checkRegister(const BoardInfo& board, std::uint64_t windowBytes, std::uint32_t offset) {
    constexpr std::uint32_t width = 4;
    if (offset % width == 0 && windowBytes >= width && offset <= windowBytes - width) return {};
    return Error{ErrorCode::InvalidArgument,
                 "it has no register at " + hexText(offset) + ": its registers are " + hexText(windowBytes) + " bytes",
                 board.id};
}

Status checkMemory(const BoardInfo& board, std::uint64_t memoryBytes, std::uint64_t address, std::uint64_t size) {
    if (size <= memoryBytes && address <= memoryBytes - size) return {};
    return Error{ErrorCode::InvalidArgument,
                 std::to_string(size) + " bytes at " + hexText(address) + " are not within its memory of " +
                     std::to_string(memoryBytes) + " bytes",
                 board.id};
}

}  // namespace ternion::fpga
