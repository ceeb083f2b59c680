#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <vector>

#include "TransferUnit.h"
#include "accelerator_interface.h"
#include "clocked.h"

namespace {

using ternion::fpga::Opcode;
constexpr std::uint32_t vectorWords = 64;
using Word = std::array<std::uint32_t, 4>;

struct Unit : Clocked<TransferUnit> {
    std::vector<Word> vectors{vectorWords};

    void begin(Opcode opcode, std::uint32_t vector, std::uint32_t count) {
        const std::uint32_t fields = opcode == Opcode::Load ? vector << 16 : 0;
        model.instruction_i[0] = static_cast<std::uint32_t>(opcode) | fields;
        model.instruction_i[1] = opcode == Opcode::Store ? vector : 0;
        model.instruction_i[2] = count;
        model.instruction_i[3] = 0;
        model.stream_valid_i = 0;
        model.out_ready_i = 0;
        model.start_i = 1;
        clock();
        model.start_i = 0;
    }
    /// An edge, with the vector memory around it.
    void clock() {
        settle();
        const Word read = vectors[model.a_address_o];
        if (model.write_o) std::memcpy(&vectors[model.write_address_o], &model.write_data_o, sizeof(Word));
        edge();
        std::memcpy(&model.a_data_i, &read, sizeof read);
    }
};

Word randomWord(Chance& chance) { return {chance.bits(), chance.bits(), chance.bits(), chance.bits()}; }

TEST(TransferUnit, LoadsAndStoresUnderAnyStallsBackToBack) {
    Unit unit;
    Chance chance(21);
    for (int round = 0; round < 400; ++round) {
        const std::uint32_t count = chance.between(1, chance.in(10) ? vectorWords : 8);
        const std::uint32_t first = chance.below(vectorWords - count + 1);
        const std::uint32_t stall = chance.between(1, 4);
        const bool load = chance.in(2);
        auto expected = unit.vectors;
        std::vector<Word> moved;
        for (std::uint32_t n = 0; n < count; ++n) {
            moved.push_back(load ? randomWord(chance) : expected[first + n]);
            if (load) expected[first + n] = moved.back();
        }
        unit.begin(load ? Opcode::Load : Opcode::Store, first, count);
        const bool reset = chance.in(20);
        std::uint32_t done = 0;
        std::uint32_t next = 0;
        int cycles = 0;
        for (; done == 0; ++cycles) {
            ASSERT_LT(cycles, 2000) << "hangs";
            const bool go = stall == 1 || !chance.in(stall);
            unit->stream_valid_i = load && go;
            unit->out_ready_i = !load && go;
            if (load && next < count) std::memcpy(&unit->stream_data_i, &moved[next], sizeof(Word));
            unit.settle();
            ASSERT_EQ(unit->write_o && !load, false);
            ASSERT_EQ(unit->stream_ready_o && !load, false);
            if (unit->out_valid_o && unit->out_ready_i) {
                ASSERT_LT(next, count);
                ASSERT_EQ(std::memcmp(&unit->out_data_o, &moved[next], sizeof(Word)), 0) << next;
                ++next;
            } else if (unit->stream_ready_o && unit->stream_valid_i) {
                ++next;
            }
            done = unit->done_o;
            ASSERT_EQ(done != 0, next == count);
            if (reset && next == count / 2) break;
            unit.clock();
        }
        if (done == 0) {
            unit.reset();
            EXPECT_FALSE(unit->stream_ready_o || unit->out_valid_o || unit->write_o);
            continue;
        }
        if (stall == 1) {
            EXPECT_LE(cycles, static_cast<int>(count) + 1);
        }
        ASSERT_EQ(unit.vectors, expected);
    }
}

}  // namespace
