#include "ElementwiseUnit.h"
#include "ElementwiseUnit16.h"
#include "unit_bench.h"

namespace {

using namespace ternion;
using fpga::Opcode;

/// What the golden model says of one element.
std::int32_t expected(const UnitInstruction& i, std::int32_t a, std::int32_t b, std::int32_t bound) {
    switch (i.opcode) {
        case Opcode::Add:
            return (i.flags & fpga::flag::state) != 0 ? fixed::nextState(a, b) : fixed::add(a, b);
        case Opcode::Forget:
            return fixed::forgetGate(a, (i.flags & fpga::flag::weighted) != 0 ? bound : 0);
        case Opcode::Cand:
            return fixed::candidate(a, b);
        case Opcode::Decay:
            return fixed::decayed(a, b);
        case Opcode::Gate:
            return fixed::gated(a, b);
        default:
            return fixed::glu(a, b);
    }
}

template <typename Model>
class ElementwiseBench : public UnitBench<Model> {
public:
    using Bench = UnitBench<Model>;
    using Bench::Bench;
    using typename Bench::Word;

    /// Runs it on memory as it is, and compares all of memory. Operands that are gates are made so first.
    int check(const UnitInstruction& i) {
        const bool weighted = i.opcode == Opcode::Forget && (i.flags & fpga::flag::weighted) != 0;
        std::vector<Word> stream(weighted ? i.count : 0);
        for (Word& word : stream)
            for (auto& bound : word) bound = gate();
        if (i.opcode == Opcode::Cand)
            for (std::size_t w = 0; w < i.count; ++w)
                for (auto& f : this->memory[i.b + w]) f = gate();
        std::vector<Word> golden = this->memory;
        std::uint64_t s1 = 0;
        for (std::size_t w = 0; w < i.count; ++w) {
            for (std::size_t e = 0; e < Bench::elements; ++e) {
                const std::int32_t a = this->memory[i.a + w][e];
                golden[i.dst + w][e] = expected(i, a, this->memory[i.b + w][e], weighted ? stream[w][e] : 0);
                s1 = fixed::sum(s1, fixed::square(a));
            }
        }
        const int cycles = this->run(i, stream);
        EXPECT_EQ(this->memory, golden) << "opcode " << static_cast<int>(i.opcode);
        if (i.opcode == Opcode::Gate) {
            EXPECT_EQ(this->s1, s1);
        }
        return cycles;
    }
    UnitInstruction any() {
        constexpr std::array opcodes{Opcode::Add, Opcode::Forget, Opcode::Cand, Opcode::Decay, Opcode::Gate, Opcode::Glu};
        constexpr std::array<std::uint8_t, 3> flags{0, fpga::flag::state, fpga::flag::weighted};
        UnitInstruction i{.opcode = opcodes[this->chance.below(opcodes.size())], .flags = flags[this->chance.below(3)]};
        i.count = this->chance.between(1, 20);
        i.a = static_cast<std::uint16_t>(this->chance.below(500));
        i.b = static_cast<std::uint16_t>(600 + this->chance.below(500));
        i.dst = this->chance.in(4) ? i.a : static_cast<std::uint16_t>(1200 + this->chance.below(800));
        return i;
    }
    std::int32_t gate() {
        if (this->chance.in(10)) return this->chance.in(2) ? fixed::one : 0;
        return static_cast<std::int32_t>(this->chance.below(static_cast<std::uint32_t>(fixed::one) + 1));
    }
};

template <typename Model>
class ElementwiseUnitTest : public testing::Test {};
using Models = testing::Types<ElementwiseUnit, ElementwiseUnit16>;
TYPED_TEST_SUITE(ElementwiseUnitTest, Models);

TYPED_TEST(ElementwiseUnitTest, IsTheGoldenModelBackToBackUnderStalls) {
    ElementwiseBench<TypeParam> bench(1);
    for (int n = 0; n < 400; ++n) {
        bench.streamStall = bench.chance.between(1, 4);
        bench.check(bench.any());
        if (bench.chance.in(4)) bench.idle(static_cast<int>(bench.chance.below(20)));
        if (n % 50 == 0)
            for (auto& word : bench.memory) word = bench.randomWord();
    }
}

TYPED_TEST(ElementwiseUnitTest, SaturatesInEveryLane) {
    ElementwiseBench<TypeParam> bench(2);
    using Bench = ElementwiseBench<TypeParam>;
    for (const Opcode opcode : {Opcode::Add, Opcode::Forget, Opcode::Cand, Opcode::Decay, Opcode::Gate, Opcode::Glu}) {
        for (std::size_t lane = 0; lane < Bench::elements; ++lane) {
            for (const std::int32_t a : {fixed::largest, -fixed::largest, 12345678}) {
                for (const std::int32_t b : {fixed::largest, -fixed::largest, -87654321}) {
                    bench.memory[0] = bench.memory[1] = {};
                    bench.memory[0][lane] = a;
                    bench.memory[1][lane] = b;
                    bench.check(
                        {.opcode = opcode, .flags = lane % 2 == 0 ? fpga::flag::state : std::uint8_t{0}, .dst = 2, .b = 1});
                }
            }
        }
    }
}

TYPED_TEST(ElementwiseUnitTest, IsRightAfterAResetAtAnyTime) {
    ElementwiseBench<TypeParam> bench(3);
    for (int cycles = 0; cycles < 40; ++cycles) {
        auto instruction = bench.any();
        std::vector<typename ElementwiseBench<TypeParam>::Word> stream(instruction.count);
        bench.abandon(instruction, stream, cycles);
        bench.idle(3);
        bench.check(bench.any());
    }
}

TYPED_TEST(ElementwiseUnitTest, TakesAWordACycleAndFewMore) {
    ElementwiseBench<TypeParam> bench(4);
    constexpr int fill = 12;
    for (const Opcode opcode : {Opcode::Add, Opcode::Forget, Opcode::Gate})
        for (const std::uint32_t count : {1U, 32U, 200U}) {
            const int cycles =
                bench.check({.opcode = opcode, .flags = fpga::flag::weighted, .dst = 1000, .b = 500, .count = count});
            EXPECT_LE(cycles, static_cast<int>(count) + fill);
        }
}

}  // namespace
