#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <vector>

#include "Rescaler.h"
#include "TernaryArray.h"
#include "TernaryDot.h"
#include "TernaryDot128.h"
#include "TritDecoder.h"
#include "TritDecoderDense.h"
#include "backend/fixed_profile.h"
#include "clocked.h"

namespace {

using namespace ternion;

template <typename Wide>
void setByte(Wide& wide, std::size_t at, std::uint32_t byte) {
    wide[at / 4] = (wide[at / 4] & ~(0xFFU << (8 * (at % 4)))) | byte << (8 * (at % 4));
}
template <typename Wide>
std::uint32_t byteOf(const Wide& wide, std::size_t at) {
    return wide[at / 4] >> (8 * (at % 4)) & 0xFF;
}
int tritOf(std::uint32_t bits) { return (bits & 3) == 1 ? 1 : (bits & 3) == 3 ? -1 : 0; }
std::uint32_t bitsOf(int trit) { return static_cast<std::uint32_t>(trit) & 3; }

// ---- trit_decoder ----

TEST(TritDecoder, DecodesEveryByteInEveryLane) {
    Clocked<TritDecoderDense> dense;
    Clocked<TritDecoder> plain;
    constexpr std::size_t lanes = 16;
    for (std::uint32_t first = 0; first < 256; ++first) {
        for (std::size_t l = 0; l < lanes; ++l) {
            setByte(dense->bytes_i, l, (first + 37 * l) & 0xFF);
            setByte(plain->bytes_i, l, (first + 37 * l) & 0xFF);
        }
        for (const bool enable : {true, false}) {  // the second time with other bytes that nobody takes
            dense->enable_i = plain->enable_i = enable;
            dense.edge();
            plain.edge();
            for (std::size_t l = 0; l < lanes; ++l) {
                const auto byte = static_cast<std::uint32_t>((first + 37 * l) & 0xFF);
                std::uint32_t rest = byte;
                std::uint32_t low = 0;
                for (int j = 0; j < 4; ++j, rest /= 3) low |= bitsOf(static_cast<int>(rest % 3) - 1) << (2 * j);
                const std::uint32_t high = bitsOf(static_cast<int>(rest) - 1);
                ASSERT_EQ(byteOf(dense->trits_o, l), byte > 242 ? 0 : low) << byte;
                ASSERT_EQ(byteOf(dense->trits_o, lanes + l), byte > 242 ? 0 : high) << byte;
                ASSERT_EQ(byteOf(plain->trits_o, l), byte);
            }
            for (std::size_t l = 0; l < lanes; ++l) {
                setByte(dense->bytes_i, l, ~byteOf(dense->bytes_i, l) & 0xFF);
                setByte(plain->bytes_i, l, ~byteOf(plain->bytes_i, l) & 0xFF);
            }
        }
    }
}

// ---- ternary_dot ----

template <typename M, int r>
struct Dot {
    using Model = M;
    static constexpr int row = r;
};
template <typename D>
class TernaryDotTest : public testing::Test {};
using Dots = testing::Types<Dot<TernaryDot, 2>, Dot<TernaryDot128, 3>>;
TYPED_TEST_SUITE(TernaryDotTest, Dots);

TYPED_TEST(TernaryDotTest, IsTheSumOfItsRowForEveryLaneAndAnyCodes) {
    Clocked<typename TypeParam::Model> unit;
    Chance chance(1);
    constexpr std::size_t lanes = sizeof(unit->codes_i);
    constexpr std::size_t latency = 3;
    constexpr std::uint32_t sumBits = lanes == 64 ? 14 : 15;
    std::deque<int> inside;
    const auto put = [&](const auto& code, const auto& bits) {
        int sum = 0;
        for (std::size_t l = 0; l < lanes; ++l) {
            const int c = code(l);
            const std::uint32_t byte = bits(l);
            setByte(unit->codes_i, l, static_cast<std::uint32_t>(c) & 0xFF);
            setByte(unit->trits_i, l, byte);
            sum += c * tritOf(byte >> (2 * TypeParam::row));
        }
        unit->enable_i = !chance.in(4);
        if (unit->enable_i) inside.push_back(sum);
        unit.edge();
        if (inside.size() > latency) inside.pop_front();
        if (inside.size() == latency) {
            const auto shift = 32 - sumBits;
            ASSERT_EQ(static_cast<std::int32_t>(unit->sum_o << shift) >> shift, inside.front());
        }
    };
    const auto anyCode = [&](std::size_t) { return static_cast<int>(chance.below(255)) - 127; };
    const auto anyBits = [&](std::size_t) { return chance.below(256); };
    for (int n = 0; n < 5000; ++n) put(anyCode, anyBits);
    for (std::size_t lane = 0; lane < lanes; ++lane) {
        for (const int code : {127, -127, 1, -1, 0}) {
            put([&](std::size_t l) { return l == lane ? code : 0; }, anyBits);
            put(anyCode, [&](std::size_t l) { return l == lane ? 0xFFU : 0U; });
            put([&](std::size_t l) { return l == lane ? 0 : code; },
                [&](std::size_t) { return code % 2 == 0 ? 0x55U : 0xFFU; });
        }
    }
    for (const int code : {127, -127})
        for (const std::uint32_t bits : {0x55U, 0xFFU, 0xAAU, 0U})
            for (int n = 0; n < 8; ++n) put([&](std::size_t) { return code; }, [&](std::size_t) { return bits; });
}

// ---- ternary_array ----

class ArrayBench {
public:
    static constexpr std::size_t lanes = 16, groups = 2, groupRows = 5, rows = groups * groupRows;
    static constexpr std::uint32_t sumBits = 19;

    Clocked<TernaryArray> unit;
    Chance chance{1};

    /// Row groups of random chunks, with gaps and stops; all sums come, in order.
    void check(int rowGroups) {
        std::deque<std::array<int, rows>> expected;
        std::array<int, rows> sums{};
        std::uint32_t left = chance.between(1, 6);
        std::vector<int> codes(lanes);
        bool hasCodes = false;
        for (int cycle = 0; rowGroups > 0 || !expected.empty(); ++cycle) {
            ASSERT_LT(cycle, 20000);
            unit->enable_i = !chance.in(4);
            unit->valid_i = rowGroups > 0 && !chance.in(3);
            unit->last_i = unit->valid_i ? left == 1 : chance.in(2);
            std::array<std::array<int, lanes>, rows> trits;
            for (auto& row : trits)
                for (auto& trit : row) trit = static_cast<int>(chance.below(3)) - 1;
            for (std::size_t g = 0; g < groups; ++g) {
                for (std::size_t l = 0; l < lanes; ++l) {
                    std::uint32_t byte = 0;
                    for (std::size_t j = groupRows; j-- > 0;)
                        byte = byte * 3 + static_cast<std::uint32_t>(trits[g * groupRows + j][l] + 1);
                    setByte(unit->word_i, g * lanes + l, byte);
                }
            }
            // The codes belong to the word that came an enabled cycle ago.
            for (std::size_t l = 0; l < lanes; ++l)
                setByte(unit->codes_i, l, hasCodes ? static_cast<std::uint32_t>(codes[l]) & 0xFF : chance.below(256));
            unit.settle();
            if (unit->enable_i) {
                if (unit->valid_o) {
                    ASSERT_FALSE(expected.empty());
                    for (std::size_t r = 0; r < rows; ++r) ASSERT_EQ(sumAt(r), expected.front()[r]) << "row " << r;
                    expected.pop_front();
                }
                hasCodes = unit->valid_i;
                if (unit->valid_i) {
                    for (auto& code : codes) code = static_cast<int>(chance.below(255)) - 127;
                    for (std::size_t r = 0; r < rows; ++r)
                        for (std::size_t l = 0; l < lanes; ++l) sums[r] += trits[r][l] * codes[l];
                    if (--left == 0) {
                        expected.push_back(sums);
                        sums = {};
                        left = chance.between(1, 6);
                        --rowGroups;
                    }
                }
            }
            unit.edge();
        }
    }
    void interrupt(int cycles) {
        unit->enable_i = unit->valid_i = 1;
        for (int cycle = 0; cycle < cycles; ++cycle) {
            unit->last_i = cycle % 3 == 0;
            unit.edge();
        }
        unit.reset();
        ASSERT_FALSE(unit->valid_o);
    }

private:
    int sumAt(std::size_t row) const {
        std::uint32_t value = 0;
        for (std::uint32_t bit = 0; bit < sumBits; ++bit) {
            const std::size_t at = row * sumBits + bit;
            value |= (unit.model.sums_o[at / 32] >> (at % 32) & 1) << bit;
        }
        return static_cast<std::int32_t>(value << (32 - sumBits)) >> (32 - sumBits);
    }
};

TEST(TernaryArray, SumsRowGroupsUpWithGapsAndStops) {
    ArrayBench bench;
    bench.check(1000);
}

TEST(TernaryArray, IsRightAfterAResetAtAnyTime) {
    ArrayBench bench;
    for (int cycles = 0; cycles < 20; ++cycles) {
        ASSERT_NO_FATAL_FAILURE(bench.interrupt(cycles));
        ASSERT_NO_FATAL_FAILURE(bench.check(10));
    }
}

// ---- rescaler ----

TEST(Rescaler, IsTheGoldenModelInOrderUnderStops) {
    Clocked<Rescaler> unit;
    Chance chance(1);
    for (int n = 0; n < 2000; ++n) {
        fixed::CodeScale scale;
        scale.multiplier = chance.in(10) ? ~std::uint32_t{0} : chance.bits() >> chance.below(32);
        scale.shift = static_cast<int>(chance.between(1, 62));
        unit->multiplier_i = scale.multiplier;
        unit->shift_i = static_cast<std::uint8_t>(scale.shift);
        std::deque<std::int32_t> expected;
        for (int cycle = 0; cycle < 50; ++cycle) {
            unit->enable_i = !chance.in(4);
            unit->valid_i = cycle < 40 && !chance.in(3);
            const std::int32_t sum =
                chance.in(10) ? 127 * 2048 : static_cast<std::int32_t>(chance.bits()) >> (13 + chance.below(19));
            unit->sum_i = static_cast<std::uint32_t>(sum) & 0x7FFFF;
            if (unit->enable_i && unit->valid_o) {
                ASSERT_FALSE(expected.empty());
                ASSERT_EQ(static_cast<std::int32_t>(unit->value_o), expected.front());
                expected.pop_front();
            }
            if (unit->enable_i && unit->valid_i) expected.push_back(fixed::rescale(sum, scale));
            unit.edge();
        }
        ASSERT_TRUE(expected.empty());
        if (n % 10 == 0) {
            unit->enable_i = unit->valid_i = 1;
            unit.edge();
            unit.reset();
            ASSERT_FALSE(unit->valid_o);
            unit.edge();
            unit->valid_i = 0;
            unit.edge();
            unit.edge();
            unit.edge();
        }
    }
}

}  // namespace
