#include "NormUnit.h"
#include "NormUnit16.h"
#include "NormUnit32x2.h"
#include "unit_bench.h"

namespace {

using namespace ternion;
using fpga::Opcode;

template <typename Model>
class NormBench : public UnitBench<Model> {
public:
    using Bench = UnitBench<Model>;
    using Bench::Bench;
    using typename Bench::Word;
    static constexpr std::size_t elements = Bench::elements;
    static constexpr std::size_t lanes = sizeof(Model::code_data_o);

    std::uint64_t s = 0;  ///< as the golden model has it
    std::uint64_t first = 0;

    std::vector<Word> weights(std::size_t count) {
        std::vector<Word> all(count);
        for (Word& word : all)
            for (auto& weight : word) weight = static_cast<std::int16_t>(this->chance.bits()) >> this->chance.below(12);
        return all;
    }
    void norm(std::uint16_t a, std::uint32_t count, std::uint8_t flags) {
        const bool weighted = (flags & fpga::flag::weighted) != 0;
        const auto w = weights(weighted ? count : 0);
        s = 0;
        std::uint64_t squares = 0;
        for (std::size_t n = 0; n < count; ++n) {
            for (std::size_t e = 0; e < elements; ++e) {
                const std::int32_t p = this->memory[a + n][e];
                s = fixed::sum(s, fixed::square(weighted ? fixed::weigh(p, w[n][e]) : p));
                squares = fixed::sum(squares, fixed::square(p));
            }
        }
        if ((flags & fpga::flag::first) != 0) first = squares;
        const std::vector<Word> golden = this->memory;
        cycles = this->run({.opcode = Opcode::Norm, .flags = flags, .a = a, .count = count}, w);
        EXPECT_EQ(this->memory, golden);
    }
    void scale() {
        constants.mantissa = this->chance.in(20) ? 0 : this->chance.bits() >> 8 | 1U << 23;
        constants.exponent = static_cast<std::int8_t>(this->chance.in(4) ? this->chance.bits() : this->chance.between(0, 40));
        epsilon.constant = this->chance.bits() >> this->chance.below(32);
        epsilon.factor = static_cast<std::uint16_t>(this->chance.bits());
        epsilon.shift = static_cast<std::uint8_t>(this->chance.below(56));
        cycles = this->run(
            {.opcode = Opcode::Scale,
             .dst = epsilon.factor,
             .a = static_cast<std::uint16_t>(constants.mantissa),
             .b = static_cast<std::uint16_t>(constants.mantissa >> 16 | static_cast<std::uint8_t>(constants.exponent) << 8),
             .count = epsilon.constant,
             .address = epsilon.shift});
    }
    void quantise(std::uint16_t dst, std::uint16_t a, std::uint32_t count) {
        const auto w = weights(count);
        std::vector<Word> golden = this->memory;
        std::int32_t largestU = 0;
        for (std::size_t n = 0; n < count; ++n) {
            for (std::size_t e = 0; e < elements; ++e) {
                golden[dst + n][e] = fixed::weigh(this->memory[a + n][e], w[n][e]);
                largestU = std::max(largestU, std::abs(golden[dst + n][e]));
            }
        }
        const fixed::CodeScale made =
            fixed::codeScale(largestU, fixed::rootOf(fixed::withEpsilon(s, first, epsilon)), constants);
        auto codes = this->codes;
        for (std::size_t n = 0; n < count * elements; ++n) {
            auto& word = codes[n / lanes];
            if (n % lanes == 0) word.assign(lanes, 0);
            word[n % lanes] = fixed::code(golden[dst + n / elements][n % elements], made);
        }
        cycles = this->run({.opcode = Opcode::Quant, .dst = dst, .a = a, .count = count}, w);
        EXPECT_EQ(this->memory, golden);
        EXPECT_EQ(this->codes, codes);
        EXPECT_EQ(this->unit->multiplier_o, made.multiplier);
        EXPECT_EQ(this->unit->shift_o, made.shift);
    }
    std::uint16_t place() { return static_cast<std::uint16_t>(this->chance.below(900)); }
    std::uint32_t count() {
        return this->chance.in(3) ? 1 : this->chance.between(1, std::min<std::uint32_t>(60, lanes * 32 / elements));
    }

    fixed::Scale constants;
    fixed::Epsilon epsilon;
    int cycles = 0;
};

template <typename Model>
class NormUnitTest : public testing::Test {};
using Models = testing::Types<NormUnit, NormUnit16, NormUnit32x2>;
TYPED_TEST_SUITE(NormUnitTest, Models);

TYPED_TEST(NormUnitTest, IsTheGoldenModelBackToBackUnderStalls) {
    NormBench<TypeParam> bench(1);
    bench.scale();
    bench.norm(0, 1, fpga::flag::first);
    for (int n = 0; n < 400; ++n) {
        bench.streamStall = bench.chance.between(1, 4);
        switch (bench.chance.below(4)) {
            case 0:
                bench.scale();
                break;
            case 1:
                bench.norm(bench.place(), bench.count(), static_cast<std::uint8_t>(bench.chance.below(4)));
                break;
            default: {
                const auto a = bench.place();
                bench.quantise(bench.chance.in(4) ? a : static_cast<std::uint16_t>(a + 1000), a, bench.count());
                break;
            }
        }
        if (bench.chance.in(4)) bench.idle(static_cast<int>(bench.chance.below(50)));
        if (n % 20 == 0)  // words of one size, so that the largest is not always the largest there is
            for (auto& word : bench.memory) {
                word = bench.randomWord();
                const auto shift = n / 20 % 2 == 0 ? 0 : bench.chance.below(31);
                for (auto& element : word) element >>= shift;
            }
    }
}

TYPED_TEST(NormUnitTest, QuantisesEveryLaneAlone) {
    NormBench<TypeParam> bench(2);
    using Bench = NormBench<TypeParam>;
    constexpr std::uint32_t words = 5;
    bench.scale();
    for (std::size_t lane = 0; lane < words * Bench::elements; ++lane) {
        for (std::size_t word = 0; word < words; ++word) bench.memory[word] = {};
        bench.memory[lane / Bench::elements][lane % Bench::elements] = bench.value();
        bench.norm(0, words, fpga::flag::first | fpga::flag::weighted);
        bench.quantise(100, 0, words);
    }
}

TYPED_TEST(NormUnitTest, KnowsZerosAndSaturatedSums) {
    NormBench<TypeParam> bench(3);
    bench.scale();
    for (std::size_t word = 0; word < 60; ++word) {
        bench.memory[word] = {};
        bench.memory[100 + word].fill(word % 2 == 0 ? fixed::largest : -fixed::largest);
    }
    bench.norm(0, 8, fpga::flag::first);
    bench.quantise(200, 0, 8);    // S = 0, U = 0
    bench.quantise(200, 100, 8);  // S = 0
    bench.norm(100, 60, fpga::flag::first);
    EXPECT_EQ(bench.s, ~std::uint64_t{0});
    bench.quantise(200, 100, 8);
    bench.quantise(200, 0, 8);
    // The epsilon is nothing: the root of zero.
    bench.run({.opcode = Opcode::Scale, .a = 1, .count = 0});
    bench.constants = {1, 0};
    bench.epsilon = {};
    bench.norm(0, 8, fpga::flag::first);
    bench.quantise(200, 100, 8);
}

TYPED_TEST(NormUnitTest, TakesS1OfTheElementwiseUnit) {
    NormBench<TypeParam> bench(4);
    for (int n = 0; n < 20; ++n) {
        bench.scale();
        bench.norm(bench.place(), 1, 0);
        bench.first = bench.chance.bits64();
        bench.unit->s1_i = bench.first;
        bench.unit->s1_we_i = 1;
        bench.idle(1);
        bench.unit->s1_we_i = 0;
        bench.quantise(1000, bench.place(), 3);
    }
}

TYPED_TEST(NormUnitTest, IsRightAfterAResetAtAnyTime) {
    NormBench<TypeParam> bench(5);
    for (int cycles = 0; cycles < 160; ++cycles) {
        bench.streamStall = bench.chance.between(1, 2);
        UnitInstruction instruction{.opcode = bench.chance.in(3) ? Opcode::Norm : Opcode::Quant,
                                    .flags = fpga::flag::weighted | fpga::flag::first,
                                    .dst = 500,
                                    .count = bench.count()};
        bench.abandon(instruction, bench.weights(instruction.count), cycles);
        bench.idle(3);
        bench.scale();
        bench.norm(bench.place(), bench.count(), fpga::flag::first);
        bench.quantise(1000, bench.place(), bench.count());
    }
}

TYPED_TEST(NormUnitTest, TakesAWordACycleAndFewMore) {
    NormBench<TypeParam> bench(6);
    bench.scale();
    EXPECT_EQ(bench.cycles, 1);
    for (const std::uint32_t count : {1U, 32U, 60U}) {
        bench.norm(0, count, fpga::flag::weighted | fpga::flag::first);
        EXPECT_LE(bench.cycles, static_cast<int>(count) + 9);
        bench.quantise(500, 0, count);
        EXPECT_LE(bench.cycles, std::max(2 * static_cast<int>(count) + 46, 85));
    }
}

}  // namespace
