// The card of interface.def, for the conformance suite and the fault tests.
#pragma once

#include <array>

#include "accelerator_interface.h"
#include "board_rig.h"
#include "program/configuration.h"
#include "sim/simulated_card.h"

namespace ternion::fpga {

inline constexpr std::uint64_t programAddress = 4096;

/// A program of `length` instructions whose codes are `opcode`; nothing else is set in them.
inline Status prepareProgram(Board& board, std::uint64_t memoryBytes, std::uint8_t opcode = 0) {
    std::array<std::byte, 64> program{};
    program[0] = static_cast<std::byte>(opcode);
    TERNION_CHECK(board.copyIn(programAddress, program));
    TERNION_CHECK(write64(board, reg::programLo, programAddress));
    TERNION_CHECK(write64(board, reg::memoryLimitLo, memoryBytes));
    return board.write32(reg::programLength, 1);
}

inline CardFacts shellFacts(std::uint64_t memoryBytes) {
    return {.firstRegister = acceleratorId,
            .windowBytes = SimulatedCard::windowBytes,
            .scratchRegister = reg::token,
            .scratch = [](std::uint32_t value) { return value; },
            .memoryBytes = memoryBytes,
            .prepareJob = [memoryBytes](Board& board) { return prepareProgram(board, memoryBytes); },
            .jobIsUnderWay = [](Board& board) -> Result<bool> {
                TERNION_TRY(const auto status, board.read32(reg::status));
                return (status & 1) != 0;
            }};
}

}  // namespace ternion::fpga
