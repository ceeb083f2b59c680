#include <gtest/gtest.h>

#include "Divider.h"
#include "clocked.h"

namespace {

__extension__ using Wide = unsigned __int128;

void check(Clocked<Divider>& unit, std::uint32_t above, std::uint32_t below, std::uint32_t divisor, std::uint32_t bits) {
    unit->above_i = above;
    unit->below_i = below;
    unit->divisor_i = divisor;
    unit->bits_i = static_cast<std::uint8_t>(bits);
    unit->start_i = 1;
    unit.edge();
    unit->start_i = 0;
    unit->above_i = ~above;
    unit->below_i = ~below;
    std::uint32_t cycles = 0;
    for (; unit->busy_o; ++cycles) unit.edge();
    ASSERT_EQ(cycles, bits);
    const Wide dividend = (Wide{above} << bits) | (below >> (32 - bits));
    ASSERT_EQ(unit->quotient_o, static_cast<std::uint32_t>(dividend / divisor));
}

TEST(Divider, IsTheFloor) {
    Clocked<Divider> unit;
    Chance chance(1);
    for (int n = 0; n < 10000; ++n) {
        const std::uint32_t divisor = std::max(chance.bits() >> chance.below(32), 1U);
        const std::uint32_t above = chance.in(4) ? divisor - 1 : chance.below(divisor);
        ASSERT_NO_FATAL_FAILURE(check(unit, above, chance.bits(), divisor, chance.between(1, 32)));
    }
    ASSERT_NO_FATAL_FAILURE(check(unit, 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFF, 32));
    ASSERT_NO_FATAL_FAILURE(check(unit, 0, 0, 1, 32));
}

TEST(Divider, IsRightAfterAResetOrANewStartAtAnyTime) {
    Clocked<Divider> unit;
    Chance chance(2);
    for (int cycles = 0; cycles < 70; ++cycles) {
        unit->bits_i = 32;
        unit->start_i = 1;
        for (int cycle = 0; cycle < cycles / 2; ++cycle) {
            unit.edge();
            unit->start_i = 0;
        }
        if (cycles % 2 == 0) {
            unit.reset();
            ASSERT_FALSE(unit->busy_o);
        }
        ASSERT_NO_FATAL_FAILURE(check(unit, 12345, chance.bits(), 1234567, 24));
    }
}

}  // namespace
