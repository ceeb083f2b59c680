#include "program/instruction.h"

#include <charconv>
#include <cstdio>
#include <map>
#include <sstream>

namespace ternion::fpga {
namespace {

constexpr std::array<std::pair<std::string_view, std::uint8_t>, 5> flagNames{{{"WEIGHTED", flag::weighted},
                                                                              {"FIRST", flag::first},
                                                                              {"INDEXED", flag::indexed},
                                                                              {"STATE", flag::state},
                                                                              {"LOGITS", flag::logits}}};

using Fields = std::vector<std::pair<std::string_view, std::int64_t>>;

Fields fieldsOf(const Instruction& i) {
    if (i.opcode != Opcode::Scale) return {{"dst", i.dst}, {"a", i.a}, {"b", i.b}, {"count", i.count}, {"address", i.address}};
    const auto scale = scaleOf(i);
    const auto epsilon = epsilonOf(i);
    return {{"mantissa", scale.mantissa},
            {"exponent", scale.exponent},
            {"constant", epsilon.constant},
            {"factor", epsilon.factor},
            {"shift", epsilon.shift}};
}

/// The largest a field holds, and the least.
std::pair<std::int64_t, std::int64_t> rangeOf(std::string_view field) {
    if (field == "exponent") return {-128, 127};
    if (field == "shift") return {0, 63};
    if (field == "mantissa") return {0, (1 << 24) - 1};
    if (field == "count" || field == "address" || field == "constant") return {0, 0xFFFFFFFFLL};
    return {0, 0xFFFF};
}

Error badLine(int line, const std::string& what) { return {ErrorCode::BadInput, what, "line " + std::to_string(line)}; }

Result<std::int64_t> numberOf(std::string_view text, int line) {
    const bool negative = text.starts_with('-'), hex = text.starts_with("0x");
    std::int64_t value = 0;
    const auto digits = text.substr(hex ? 2 : negative ? 1 : 0);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
    if (error != std::errc() || end != digits.data() + digits.size() || digits.empty())
        return badLine(line, "'" + std::string(text) + "' is no number");
    return negative ? -value : value;
}

/// "NORM.WEIGHTED.FIRST"
Status parseOperation(std::string_view text, int line, Instruction& instruction) {
    const auto name = text.substr(0, text.find('.'));
    bool found = false;
    for (std::size_t k = 0; k < opcodeNames.size(); ++k)
        if (opcodeNames[k].name == name) {
            instruction.opcode = static_cast<Opcode>(k);
            found = true;
        }
    if (!found) return badLine(line, "there is no instruction '" + std::string(name) + "'");
    for (auto rest = text.substr(name.size()); !rest.empty();) {
        rest.remove_prefix(1);
        const auto given = rest.substr(0, rest.find('.'));
        rest.remove_prefix(given.size());
        std::uint8_t bit = 0;
        for (const auto& [flagName, value] : flagNames)
            if (flagName == given) bit = value;
        if (bit == 0) return badLine(line, "there is no flag '" + std::string(given) + "'");
        instruction.flags |= bit;
    }
    return {};
}

Result<Instruction> parseLine(const std::string& text, int line) {
    std::istringstream words(text);
    std::string word;
    words >> word;
    Instruction instruction;
    TERNION_CHECK(parseOperation(word, line, instruction));
    std::map<std::string_view, std::int64_t> values;
    for (const auto& [name, value] : fieldsOf(instruction)) values[name] = 0;
    while (words >> word) {
        const auto equals = word.find('=');
        const auto field = values.find(std::string_view(word).substr(0, equals));
        if (equals == std::string::npos || field == values.end())
            return badLine(line, "'" + word + "' is no field of this instruction");
        TERNION_TRY(field->second, numberOf(std::string_view(word).substr(equals + 1), line));
        const auto [least, most] = rangeOf(field->first);
        if (field->second < least || field->second > most)
            return badLine(line, "'" + word + "' is out of range: " + std::to_string(least) + " to " + std::to_string(most));
    }
    if (instruction.opcode == Opcode::Scale)
        return scaleInstruction({static_cast<std::uint32_t>(values["mantissa"]), static_cast<std::int8_t>(values["exponent"])},
                                {static_cast<std::uint32_t>(values["constant"]), static_cast<std::uint16_t>(values["factor"]),
                                 static_cast<std::uint8_t>(values["shift"])});
    instruction.dst = static_cast<std::uint16_t>(values["dst"]);
    instruction.a = static_cast<std::uint16_t>(values["a"]);
    instruction.b = static_cast<std::uint16_t>(values["b"]);
    instruction.count = static_cast<std::uint32_t>(values["count"]);
    instruction.address = static_cast<std::uint32_t>(values["address"]);
    return instruction;
}

}  // namespace

Instruction::Bits Instruction::encode() const {
    return {static_cast<std::uint32_t>(opcode) | static_cast<std::uint32_t>(flags) << 8 | static_cast<std::uint32_t>(dst) << 16,
            static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b) << 16, count, address};
}

Instruction Instruction::decode(const Bits& bits) {
    Instruction made;
    made.opcode = static_cast<Opcode>(bits[0] & 0xFFU);
    made.flags = static_cast<std::uint8_t>(bits[0] >> 8);
    made.dst = static_cast<std::uint16_t>(bits[0] >> 16);
    made.a = static_cast<std::uint16_t>(bits[1]);
    made.b = static_cast<std::uint16_t>(bits[1] >> 16);
    made.count = bits[2];
    made.address = bits[3];
    return made;
}

Instruction scaleInstruction(const fixed::Scale& scale, const fixed::Epsilon& epsilon) {
    const std::uint32_t second =
        (scale.mantissa & 0xFFFFFFU) | static_cast<std::uint32_t>(static_cast<std::uint8_t>(scale.exponent)) << 24;
    return Instruction::decode({static_cast<std::uint32_t>(Opcode::Scale) | static_cast<std::uint32_t>(epsilon.factor) << 16,
                                second, epsilon.constant, epsilon.shift});
}

fixed::Scale scaleOf(const Instruction& instruction) {
    const std::uint32_t second = instruction.encode()[1];
    return {second & 0xFFFFFFU, static_cast<std::int8_t>(static_cast<std::uint8_t>(second >> 24))};
}

fixed::Epsilon epsilonOf(const Instruction& instruction) {
    return {instruction.count, instruction.dst, static_cast<std::uint8_t>(instruction.address & 0x3FU)};
}

std::string disassemble(const Instruction& instruction) {
    const auto code = static_cast<std::size_t>(instruction.opcode);
    std::string text = code < opcodeNames.size() ? std::string(opcodeNames[code].name) : "?" + std::to_string(code);
    for (const auto& [name, bit] : flagNames)
        if (instruction.has(bit)) text.append(".").append(name);
    for (const auto& [name, value] : fieldsOf(instruction)) {
        if (value == 0) continue;
        char number[24];
        std::snprintf(number, sizeof number, name == "address" ? "0x%llx" : "%lld", static_cast<long long>(value));
        text.append(" ").append(name).append("=").append(number);
    }
    return text;
}

std::string disassemble(std::span<const Instruction> program) {
    std::string text;
    for (const Instruction& instruction : program) text.append(disassemble(instruction)).append("\n");
    return text;
}

Result<std::vector<Instruction>> assemble(std::string_view text) {
    std::vector<Instruction> program;
    std::istringstream lines{std::string(text)};
    int number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        line.erase(std::min(line.find('#'), line.size()));
        if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
        TERNION_TRY(auto instruction, parseLine(line, number));
        program.push_back(instruction);
    }
    return program;
}

}  // namespace ternion::fpga
