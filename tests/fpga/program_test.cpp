// Instructions as bits and text, and what a model's program makes of a board's memory.
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "fixed_models.h"
#include "program/instruction.h"
#include "program/model_program.h"
#include "random_trits.h"

namespace ternion::fpga {
namespace {

Instruction randomInstruction(std::mt19937& random) {
    const auto opcode = static_cast<Opcode>(random() % opcodeNames.size());
    if (opcode == Opcode::Scale)
        return scaleInstruction({static_cast<std::uint32_t>(random() & 0xFFFFFFU), static_cast<std::int8_t>(random())},
                                {static_cast<std::uint32_t>(random()), static_cast<std::uint16_t>(random()),
                                 static_cast<std::uint8_t>(random() % 64)});
    return {opcode,
            static_cast<std::uint8_t>(random() & 0x1FU),
            static_cast<std::uint16_t>(random()),
            static_cast<std::uint16_t>(random()),
            static_cast<std::uint16_t>(random()),
            static_cast<std::uint32_t>(random()),
            static_cast<std::uint32_t>(random())};
}

TEST(Instruction, ComesBackFromBitsAndText) {
    std::mt19937 random(7);
    std::vector<Instruction> program;
    for (int k = 0; k < 500; ++k) {
        program.push_back(randomInstruction(random));
        EXPECT_EQ(program.back(), Instruction::decode(program.back().encode()));
    }
    const auto again = assemble(disassemble(program));
    ASSERT_TRUE(again.ok()) << again.error().text();
    EXPECT_EQ(*again, program);
}

TEST(Instruction, BitsAreWhereTheHardwareLooks) {
    const Instruction instruction{Opcode::Matvec, flag::state, 0x1234, 0x5678, 0x9ABC, 0xDEADBEEF, 0xCAFEF00D};
    EXPECT_EQ(instruction.encode(), (Instruction::Bits{0x12340806, 0x9ABC5678, 0xDEADBEEF, 0xCAFEF00D}));
    const auto scale = scaleInstruction({0xABCDEF, -2}, {0x01020304, 0x8001, 33});
    EXPECT_EQ(scale.encode(), (Instruction::Bits{0x80010003, 0xFEABCDEF, 0x01020304, 33}));
    EXPECT_EQ(scaleOf(scale), (fixed::Scale{0xABCDEF, -2}));
    EXPECT_EQ(epsilonOf(scale), (fixed::Epsilon{0x01020304, 0x8001, 33}));
}

TEST(Instruction, TextThatIsNoneSaysWhere) {
    const auto expectRefused = [](const char* text, const char* where, const char* what) {
        const auto refused = assemble(text);
        ASSERT_FALSE(refused.ok()) << text;
        EXPECT_EQ(refused.error().code, ErrorCode::BadInput);
        EXPECT_EQ(refused.error().context, where);
        EXPECT_NE(refused.error().message.find(what), std::string::npos) << refused.error().message;
    };
    expectRefused("HALT\nJUMP count=2", "line 2", "JUMP");
    expectRefused("# first\n\nADD.BIG a=1", "line 3", "BIG");
    expectRefused("ADD a=65536", "line 1", "65535");
    expectRefused("ADD c=1", "line 1", "c=1");
    expectRefused("ADD a=", "line 1", "number");
    expectRefused("ADD a=-1", "line 1", "range");
    expectRefused("SCALE count=1", "line 1", "count");
}

TEST(PackMatrix, PutsEveryTritWhereItsLaneLooks) {
    for (const Configuration& c : {Configuration{}, Configuration{16, 1, false}, Configuration{32, 2, false},
                                   Configuration{64, 1, true}, Configuration{16, 3, true}}) {
        constexpr int rows = 23, first = 5, taken = 17, cols = 75;
        const TernaryMatrix matrix = randomTrits(rows, cols, 3);
        const auto packed = packMatrix(matrix, first, taken, c);
        ASSERT_EQ(packed.size(), static_cast<std::size_t>(c.groupsFor(taken) * c.chunksFor(cols) * c.wordBytes()));
        for (int row = 0; row < c.groupsFor(taken) * c.rows(); ++row)
            for (int col = 0; col < c.chunksFor(cols) * c.lanes; ++col) {
                const int word = row / c.rows() * c.chunksFor(cols) + col / c.lanes;
                const int group = row % c.rows() / c.rowsOfByte(), j = row % c.rowsOfByte();
                auto byte = std::to_integer<int>(
                    packed[static_cast<std::size_t>(word * c.wordBytes() + group * c.lanes + col % c.lanes)]);
                int trit = 0;
                if (c.dense) {
                    for (int k = 0; k < j; ++k) byte /= 3;
                    trit = byte % 3 - 1;
                } else {
                    constexpr int values[] = {0, 1, 9, -1};
                    trit = values[byte >> (2 * j) & 3];
                }
                ASSERT_EQ(trit, row < taken && col < cols ? matrix.trit(first + row, col) : 0) << row << ", " << col;
            }
    }
}

TEST(Interface, TheReadmeSaysWhatTheHardwareDoes) {
    const auto textOf = [](const char* file) {
        std::ifstream in(file);
        std::ostringstream text;
        text << in.rdbuf();
        return text.str();
    };
    const std::string tables = textOf(TERNION_INTERFACE_TABLES);
    ASSERT_GT(tables.size(), 1000U);
    EXPECT_NE(textOf(TERNION_FPGA_README).find(tables), std::string::npos)
        << "put " TERNION_INTERFACE_TABLES " between the marks in " TERNION_FPGA_README;
}

TEST(ModelProgram, SaysWhatDoesNotFit) {
    const auto model = modelOf(96, 256, 3, 1);
    const auto expectRefused = [&](Configuration c, std::uint64_t bytes, const char* what) {
        const auto refused = ModelProgram::create(model, c, bytes);
        ASSERT_FALSE(refused.ok());
        EXPECT_EQ(refused.error().code, ErrorCode::DeviceOutOfMemory);
        EXPECT_NE(refused.error().message.find(what), std::string::npos) << refused.error().message;
    };
    expectRefused({64, 1, false, 40, 32}, 1 << 26, "vector memory");
    expectRefused({64, 1, false, 2048, 3}, 1 << 26, "code memory");
    expectRefused({}, 1 << 16, "board's memory");
    EXPECT_TRUE(ModelProgram::create(model, {}, 1 << 26).ok());
}

}  // namespace
}  // namespace ternion::fpga
