#include <gtest/gtest.h>

#include "SquareRoot.h"
#include "backend/fixed_profile.h"
#include "clocked.h"

namespace {

using namespace ternion;

void check(Clocked<SquareRoot>& unit, std::uint64_t value) {
    unit->value_i = value;
    unit->start_i = 1;
    unit.edge();
    unit->start_i = 0;
    unit->value_i = ~value;
    int cycles = 1;
    for (; unit->busy_o; ++cycles) unit.edge();
    ASSERT_LE(cycles, 34);
    const fixed::Root expected = fixed::rootOf(value);
    ASSERT_EQ(unit->root_o, expected.root) << value;
    ASSERT_EQ(unit->shift_o, expected.shift) << value;
}

TEST(SquareRoot, IsTheGoldenModel) {
    Clocked<SquareRoot> unit;
    Chance chance(1);
    for (int bit = 0; bit < 64; ++bit)
        for (const std::uint64_t more : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}})
            ASSERT_NO_FATAL_FAILURE(check(unit, (std::uint64_t{1} << bit) + more));
    for (int n = 0; n < 5000; ++n) {
        const std::uint64_t root = chance.bits() >> chance.below(32);
        ASSERT_NO_FATAL_FAILURE(check(unit, root * root));
        ASSERT_NO_FATAL_FAILURE(check(unit, root * root - 1));
        ASSERT_NO_FATAL_FAILURE(check(unit, chance.bits64() >> chance.below(64)));
    }
}

TEST(SquareRoot, IsRightAfterAResetOrANewStartAtAnyTime) {
    Clocked<SquareRoot> unit;
    Chance chance(2);
    for (int cycles = 0; cycles < 80; ++cycles) {
        unit->value_i = chance.bits64();
        unit->start_i = 1;
        for (int cycle = 0; cycle < cycles / 2; ++cycle) {
            unit.edge();
            unit->start_i = 0;
        }
        if (cycles % 2 == 0) {
            unit.reset();
            ASSERT_FALSE(unit->busy_o);
        }
        ASSERT_NO_FATAL_FAILURE(check(unit, chance.bits64() >> chance.below(64)));
    }
}

}  // namespace
