// The accelerator's instructions as values, bits and text (interface.def lists what each does).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accelerator_interface.h"
#include "backend/fixed_profile.h"
#include "base/result.h"

namespace ternion::fpga {

struct Instruction {
    Opcode opcode = Opcode::Halt;
    std::uint8_t flags = 0;
    std::uint16_t dst = 0, a = 0, b = 0;  ///< words of the vector memory; of a mat-vec, b is code words of a row
    std::uint32_t count = 0;              ///< words; of a mat-vec, rows
    std::uint32_t address = 0;            ///< device memory, in words
    bool operator==(const Instruction&) const = default;

    static constexpr int bytes = 16;
    using Bits = std::array<std::uint32_t, 4>;  ///< the lowest first
    Bits encode() const;
    static Instruction decode(const Bits& bits);  ///< of an unknown opcode too, unchanged

    bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
};

/// SCALE keeps its constants in the other fields.
Instruction scaleInstruction(const fixed::Scale& scale, const fixed::Epsilon& epsilon);
fixed::Scale scaleOf(const Instruction& instruction);
fixed::Epsilon epsilonOf(const Instruction& instruction);

/// One line an instruction: "MATVEC dst=64 b=8 count=512 address=0x1f40", "NORM.WEIGHTED.FIRST count=32 address=0x40". Fields
/// that are 0 are left out.
std::string disassemble(const Instruction& instruction);
std::string disassemble(std::span<const Instruction> program);
/// The other way round; "#" begins a comment. BadInput naming the line and what is wrong with it.
Result<std::vector<Instruction>> assemble(std::string_view text);

}  // namespace ternion::fpga
