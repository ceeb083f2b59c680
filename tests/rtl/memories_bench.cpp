#include <gtest/gtest.h>

#include <array>
#include <map>
#include <vector>

#include "CodeMemory.h"
#include "VectorMemory.h"
#include "clocked.h"

namespace {

using Word = std::array<std::uint32_t, 4>;

template <typename Wide>
Word wordOf(const Wide& wide) {
    return {wide[0], wide[1], wide[2], wide[3]};
}

TEST(VectorMemory, ReadsOnBothPortsWhatEarlierCyclesWrote) {
    Clocked<VectorMemory> memory;
    Chance chance(1);
    std::map<std::uint32_t, Word> held;
    for (int cycle = 0; cycle < 20000; ++cycle) {
        const std::uint32_t range = chance.in(2) ? 4 : 64;  // often the same address at once
        memory->a_address_i = static_cast<std::uint8_t>(chance.below(range));
        memory->b_address_i = static_cast<std::uint8_t>(chance.below(range));
        memory->write_i = chance.in(2);
        memory->write_address_i = static_cast<std::uint8_t>(chance.below(range));
        Word written;
        for (std::size_t e = 0; e < written.size(); ++e) memory->write_data_i[e] = written[e] = chance.bits();
        const auto a = held.find(memory->a_address_i);
        const auto b = held.find(memory->b_address_i);
        const bool knowsA = a != held.end();
        const bool knowsB = b != held.end();
        const Word expectedA = knowsA ? a->second : Word{};
        const Word expectedB = knowsB ? b->second : Word{};
        if (memory->write_i) held[memory->write_address_i] = written;
        memory.edge();
        if (knowsA) {
            ASSERT_EQ(wordOf(memory->a_data_o), expectedA);
        }
        if (knowsB) {
            ASSERT_EQ(wordOf(memory->b_data_o), expectedB);
        }
    }
    EXPECT_EQ(held.size(), 64U);
}

TEST(CodeMemory, ReadsWhatEarlierCyclesWrote) {
    Clocked<CodeMemory> memory;
    Chance chance(2);
    std::map<std::uint32_t, Word> held;
    for (int cycle = 0; cycle < 5000; ++cycle) {
        memory->address_i = static_cast<std::uint8_t>(chance.below(32));
        memory->write_i = chance.in(2);
        memory->write_address_i = chance.in(3) ? memory->address_i : static_cast<std::uint8_t>(chance.below(32));
        Word written;
        for (std::size_t e = 0; e < written.size(); ++e) memory->write_data_i[e] = written[e] = chance.bits();
        const auto at = held.find(memory->address_i);
        const bool known = at != held.end();
        const Word expected = known ? at->second : Word{};
        if (memory->write_i) held[memory->write_address_i] = written;
        memory.edge();
        if (known) {
            ASSERT_EQ(wordOf(memory->data_o), expected);
        }
    }
    EXPECT_EQ(held.size(), 32U);
}

}  // namespace
