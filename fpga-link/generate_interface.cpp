// Makes of interface.def what each side reads: a C++ header, a SystemVerilog package, tables for the README; and of the fixed
// profile's sigmoid the ROM that the RTL looks it up in.
//   generate_interface INTERFACE.DEF FOLDER
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "backend/fixed_profile.h"

namespace {

struct Entry {
    std::uint32_t number = 0;
    std::string access;  ///< of registers
    std::string name;
    std::string meaning;
};
using Sections = std::map<std::string, std::vector<Entry>>;

Sections read(std::istream& in) {
    Sections sections;
    std::string section;
    for (std::string line; std::getline(in, line);) {
        if (line.empty() || line.front() == '#') continue;
        if (line.front() == '[') {
            section = line.substr(1, line.find(']') - 1);
            continue;
        }
        std::istringstream words(line);
        Entry entry;
        std::string number;
        words >> number;
        entry.number = static_cast<std::uint32_t>(std::stoul(number, nullptr, 0));
        if (section == "register" || section == "shell") words >> entry.access;
        words >> entry.name >> std::ws;
        std::getline(words, entry.meaning);
        sections[section].push_back(entry);
    }
    return sections;
}

std::string hex(std::uint32_t number, int digits) {
    char text[16];
    std::snprintf(text, sizeof text, "%0*X", digits, number);
    return text;
}

/// DMA_HOST_LO -> dmaHostLo
std::string camelCase(const std::string& name) {
    std::string out;
    bool capital = false;
    for (const char c : name) {
        if (c == '_')
            capital = true;
        else
            out += static_cast<char>(std::exchange(capital, false) ? c : std::tolower(c));
    }
    return out;
}
/// BAD_OPCODE -> BadOpcode
std::string pascalCase(const std::string& name) {
    std::string out = camelCase(name);
    out.front() = static_cast<char>(std::toupper(out.front()));
    return out;
}

void writeHeader(std::ostream& out, const Sections& sections) {
    out << "// Generated from fpga-link/interface.def.\n#pragma once\n\n#include <array>\n#include <cstdint>\n#include "
           "<string_view>\n\nnamespace ternion::fpga {\n\n";
    for (const char* section : {"register", "shell"}) {
        out << "namespace " << (std::string(section) == "shell" ? "shell" : "reg") << " {\n";
        for (const Entry& e : sections.at(section))
            out << "inline constexpr std::uint32_t " << camelCase(e.name) << " = 0x" << hex(e.number, 4) << ";  ///< "
                << e.meaning << "\n";
        out << "}\n\n";
    }
    const std::map<std::string, std::string> enums{{"opcode", "Opcode"}, {"error", "AcceleratorError"}};
    for (const auto& [section, type] : enums) {
        out << "enum class " << type << " : std::uint8_t {\n";
        for (const Entry& e : sections.at(section))
            out << "    " << pascalCase(e.name) << " = " << e.number << ",  ///< " << e.meaning << "\n";
        out << "};\n/// As in interface.def, by number, and what each means.\nstruct " << type
            << "Name {\n    std::string_view name, meaning;\n};\n"
            << "inline constexpr std::array<" << type << "Name, " << sections.at(section).size() << "> " << section
            << "Names{{\n";
        for (const Entry& e : sections.at(section)) out << "    {\"" << e.name << "\", \"" << e.meaning << "\"},\n";
        out << "}};\n\n";
    }
    out << "namespace flag {\n";
    for (const Entry& e : sections.at("flag"))
        out << "inline constexpr std::uint8_t " << camelCase(e.name) << " = " << (1U << e.number) << ";\n";
    out << "}\n\n}  // namespace ternion::fpga\n";
}

void writePackage(std::ostream& out, const Sections& sections) {
    out << "// Generated from fpga-link/interface.def.\npackage ternion_pkg;\n"
           "  typedef struct packed {\n    logic [31:0] address;\n    logic [31:0] count;\n    logic [15:0] b;\n    logic "
           "[15:0] a;\n"
           "    logic [15:0] dst;\n    logic [7:0] flags;\n    logic [7:0] opcode;\n  } instruction_t;\n";
    const auto constants = [&](const char* section, const char* prefix, int bits, int digits) {
        for (const Entry& e : sections.at(section))
            out << "  localparam logic [" << bits - 1 << ":0] " << prefix << e.name << " = " << bits << "'h"
                << hex(e.number, digits) << ";\n";
    };
    constants("register", "REG_", 12, 3);
    constants("opcode", "OP_", 8, 2);
    constants("error", "ERR_", 8, 2);
    for (const Entry& e : sections.at("flag")) out << "  localparam int unsigned FLAG_" << e.name << " = " << e.number << ";\n";
    out << "endpackage\n";
}

void writeRom(std::ostream& out) {
    const auto table = ternion::fixed::sigmoidTable();
    out << "// Generated from core/backend/fixed_profile.h: sigmoid(k / 64) with 24 fraction bits, and the step to the next.\n"
           "module sigmoid_rom (\n  input  logic [9:0]  entry_i,\n  output logic [24:0] base_o,\n  output logic [17:0] "
           "step_o\n);\n"
           "  logic [42:0] word;\n  assign {base_o, step_o} = word;\n  always_comb begin\n    case (entry_i)\n";
    for (int k = 0; k < ternion::fixed::sigmoidSteps; ++k) {
        const auto at = static_cast<std::size_t>(k);
        out << "      10'd" << k << ": word = {25'd" << table[at] << ", 18'd" << table[at + 1] - table[at] << "};\n";
    }
    out << "      default: word = 43'd0;\n    endcase\n  end\nendmodule\n";
}

void writeTables(std::ostream& out, const Sections& sections) {
    for (const auto& [section, title] : std::vector<std::pair<std::string, std::string>>{{"register", "Registers"},
                                                                                         {"shell", "Shell registers"},
                                                                                         {"opcode", "Instructions"},
                                                                                         {"flag", "Flags"},
                                                                                         {"error", "Errors"}}) {
        const bool registers = section == "register" || section == "shell";
        const bool flags = section == "flag";
        out << "### " << title << "\n\n| "
            << (registers ? "offset | access | name | meaning"
                : flags   ? "bit | name"
                          : "code | name | meaning")
            << " |\n|"
            << (registers ? " --- | --- | --- | --- |"
                : flags   ? " --- | --- |"
                          : " --- | --- | --- |")
            << "\n";
        for (const Entry& e : sections.at(section)) {
            out << "| " << (registers ? "0x" + hex(e.number, 3) : std::to_string(e.number)) << " | ";
            if (registers) out << e.access << " | ";
            out << e.name << " |";
            if (!flags) out << " " << e.meaning << " |";
            out << "\n";
        }
        out << "\n";
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::cerr << "usage: generate_interface INTERFACE.DEF FOLDER\n";
        return 2;
    }
    std::ifstream in(argv[1]);
    if (!in) {
        std::cerr << argv[1] << ": cannot be read\n";
        return 3;
    }
    const Sections sections = read(in);
    const std::filesystem::path folder(argv[2]);
    std::filesystem::create_directories(folder);
    const auto write = [&](const char* name, const auto& writer) {
        std::ofstream out(folder / name);
        writer(out);
        return static_cast<bool>(out.flush());
    };
    const bool written = write("accelerator_interface.h", [&](std::ostream& out) { writeHeader(out, sections); }) &&
                         write("ternion_pkg.sv", [&](std::ostream& out) { writePackage(out, sections); }) &&
                         write("sigmoid_rom.sv", writeRom) &&
                         write("interface.md", [&](std::ostream& out) { writeTables(out, sections); });
    if (!written) std::cerr << folder.string() << ": cannot be written\n";
    return written ? 0 : 1;
}
