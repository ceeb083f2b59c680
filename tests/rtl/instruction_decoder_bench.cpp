#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "InstructionDecoder.h"
#include "InstructionDecoderDense.h"
#include "InstructionDecoderGrouped.h"
#include "clocked.h"
#include "program/configuration.h"
#include "program/instruction.h"

namespace ternion::fpga {
namespace {

struct Settings {
    std::uint32_t token = 0;
    std::uint64_t logits = 0;
    std::uint64_t limit = 0;  ///< words
};

/// What an instruction takes from memory, or why it may not run; written from interface.def.
struct Expected {
    AcceleratorError error = AcceleratorError::None;
    std::uint64_t errorAddress = 0;
    bool streams = false;
    std::uint64_t address = 0, words = 0;
};

Expected expect(const Instruction& i, const Settings& s, const Configuration& c) {
    const auto wordBytes = static_cast<std::uint64_t>(c.wordBytes());
    Expected e;
    if (i.opcode > Opcode::Glu) return {.error = AcceleratorError::BadOpcode};
    if (i.opcode == Opcode::Halt || i.opcode == Opcode::Scale) return e;
    const bool product = i.opcode == Opcode::Matvec || i.opcode == Opcode::Head;
    const std::uint64_t vectors = product ? i.count / static_cast<std::uint32_t>(c.elements()) : i.count;
    const auto fits = [&](std::uint16_t from) { return from + vectors <= static_cast<std::uint64_t>(c.vectorWords); };
    const bool binary = i.opcode == Opcode::Add || i.opcode >= Opcode::Cand;
    bool good = i.count != 0;
    if (i.opcode != Opcode::Store && i.opcode != Opcode::Norm && i.opcode != Opcode::Head) good = good && fits(i.dst);
    if (i.opcode != Opcode::Load && !product) good = good && fits(i.a);
    if (binary) good = good && fits(i.b);
    if (product) good = good && i.b >= 1 && i.b <= c.codeWords && i.count % static_cast<std::uint32_t>(c.elements()) == 0;
    if (i.opcode == Opcode::Quant)
        good = good && std::uint64_t{i.count} * static_cast<std::uint64_t>(c.elements()) <=
                           static_cast<std::uint64_t>(c.codeWords) * static_cast<std::uint64_t>(c.lanes);
    if (!good) return {.error = AcceleratorError::BadVector};
    const bool weighted = i.has(flag::weighted);
    e.streams = product || i.opcode == Opcode::Load || i.opcode == Opcode::Quant ||
                ((i.opcode == Opcode::Norm || i.opcode == Opcode::Forget) && weighted);
    e.address = i.address;
    if (i.opcode == Opcode::Load && i.has(flag::indexed)) e.address += std::uint64_t{s.token} * i.count;
    const auto rows = static_cast<std::uint32_t>(c.rows());
    e.words = product ? (std::uint64_t{i.count} + rows - 1) / rows * i.b : i.count;
    if ((e.streams || i.opcode == Opcode::Store) && e.address + e.words > s.limit)
        return {.error = AcceleratorError::BadAddress, .errorAddress = e.address * wordBytes};
    if (i.opcode == Opcode::Head && i.has(flag::logits) &&
        (s.logits % wordBytes != 0 || s.logits / wordBytes + vectors > s.limit))
        return {.error = AcceleratorError::BadAddress, .errorAddress = s.logits};
    return e;
}

Instruction randomInstruction(Chance& chance, const Configuration& c, std::uint64_t limit) {
    Instruction i;
    const auto any16 = [&] { return static_cast<std::uint16_t>(chance.in(12) ? chance.bits() : chance.below(2100)); };
    i.opcode = static_cast<Opcode>(chance.in(30) ? chance.below(256) : chance.between(1, 13));
    i.flags = static_cast<std::uint8_t>(chance.below(32));
    i.dst = any16();
    i.a = any16();
    i.b = any16();
    i.count = chance.in(30) ? chance.bits() : chance.below(140);
    if (i.opcode == Opcode::Matvec || i.opcode == Opcode::Head) {
        i.b = static_cast<std::uint16_t>(chance.below(static_cast<std::uint32_t>(c.codeWords) + 2));
        if (!chance.in(20)) i.count *= static_cast<std::uint32_t>(c.elements());
    }
    i.address = chance.in(20) ? chance.bits() : static_cast<std::uint32_t>(chance.bits64() % (limit + 10));
    return i;
}

template <typename Kind>
struct InstructionDecoderBench : testing::Test {};
struct Default {
    using Model = InstructionDecoder;
    static constexpr Configuration configuration{};
};
struct Grouped {
    using Model = InstructionDecoderGrouped;
    static constexpr Configuration configuration{.lanes = 32, .groups = 2};
};
struct Dense {
    using Model = InstructionDecoderDense;
    static constexpr Configuration configuration{.dense = true};
};
using Kinds = testing::Types<Default, Grouped, Dense>;
TYPED_TEST_SUITE(InstructionDecoderBench, Kinds);

TYPED_TEST(InstructionDecoderBench, ChecksEachInstructionAndGivesItsSegment) {
    const Configuration& c = TypeParam::configuration;
    Clocked<typename TypeParam::Model> decoder;
    Chance chance(25);
    std::map<AcceleratorError, int> seen;
    int segments = 0;
    for (int round = 0; round < 6000; ++round) {
        Settings s{chance.in(3) ? chance.bits() : chance.below(50), 0, chance.between(100, 100000)};
        s.logits =
            chance.below(static_cast<std::uint32_t>(s.limit)) * static_cast<std::uint64_t>(c.wordBytes()) + chance.in(10);
        if (chance.in(50)) s.logits = ~std::uint64_t{0} - static_cast<std::uint64_t>(c.wordBytes()) + 1;
        const Instruction instruction = randomInstruction(chance, c, s.limit);
        const bool absent = chance.in(50);  // fetch gives the reason instead
        const auto expected = absent ? Expected{.error = AcceleratorError::ReadFailed, .errorAddress = chance.bits64()}
                                     : expect(instruction, s, c);
        const auto bits = instruction.encode();
        std::copy(bits.begin(), bits.end(), &decoder->instruction_i[0]);
        decoder->error_i = static_cast<std::uint8_t>(absent ? expected.error : AcceleratorError::None);
        decoder->error_address_i = expected.errorAddress;
        decoder->token_i = s.token;
        decoder->logits_i = s.logits;
        decoder->limit_i = s.limit;
        decoder->stop_i = 0;

        bool segmentSeen = false;
        bool done = false;
        for (int cycles = 0; !done; ++cycles) {
            ASSERT_LT(cycles, 300) << "hangs";
            decoder->valid_i = cycles == 0;
            decoder->segment_ready_i = chance.in(2);
            decoder->ready_i = chance.in(2);
            decoder.settle();
            ASSERT_EQ(decoder->ready_o, cycles == 0);
            if (decoder->segment_valid_o && decoder->segment_ready_i) {
                ASSERT_FALSE(segmentSeen);
                ASSERT_EQ(decoder->segment_address_o, expected.address);
                ASSERT_EQ(decoder->segment_words_o, expected.words);
                segmentSeen = true;
                ++segments;
            }
            if (decoder->valid_o && decoder->ready_i) {
                const auto error = static_cast<AcceleratorError>(decoder->error_o);
                ASSERT_EQ(error, expected.error) << disassemble(instruction);
                if (error != AcceleratorError::None) {
                    ASSERT_EQ(decoder->error_address_o, expected.errorAddress);
                }
                ASSERT_EQ(segmentSeen, expected.streams) << disassemble(instruction);
                ASSERT_EQ(decoder->words_o, expected.streams ? expected.words : 0);
                if (!absent) {
                    ASSERT_TRUE(std::equal(bits.begin(), bits.end(), &decoder->instruction_o[0]));
                }
                ++seen[error];
                done = true;
            }
            decoder.edge();
            if (!done && chance.in(200)) break;  // stopped half way
        }
        // After an error or a HALT nothing is taken until it was stopped.
        decoder->valid_i = 0;
        decoder.settle();
        if (done) {
            ASSERT_EQ(decoder->ready_o, expected.error == AcceleratorError::None && instruction.opcode != Opcode::Halt);
        }
        if (!decoder->ready_o) {
            decoder->stop_i = 1;
            decoder.edge();
        }
    }
    for (const auto error : {AcceleratorError::None, AcceleratorError::BadOpcode, AcceleratorError::BadVector,
                             AcceleratorError::BadAddress, AcceleratorError::ReadFailed})
        EXPECT_GT(seen[error], 50) << static_cast<int>(error);
    EXPECT_GT(segments, 500);
}

}  // namespace
}  // namespace ternion::fpga
