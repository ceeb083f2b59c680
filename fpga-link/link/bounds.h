// What an offset or an address is checked against before it goes to a board, and how such numbers are written in messages.
#pragma once

#include <cstdint>
#include <string>

#include "link/board.h"

namespace ternion::fpga {

/// "0x4e4e5254"
std::string hexText(std::uint64_t number);

/// InvalidArgument where a register is not a multiple of 4 below `windowBytes`.
Status checkRegister(const BoardInfo& board, std::uint64_t windowBytes, std::uint32_t offset);

/// InvalidArgument where part of it is beyond `memoryBytes`.
Status checkMemory(const BoardInfo& board, std::uint64_t memoryBytes, std::uint64_t address, std::uint64_t size);

}  // namespace ternion::fpga
