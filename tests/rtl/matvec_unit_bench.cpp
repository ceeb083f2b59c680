#include "MatvecUnit.h"
#include "MatvecUnit16.h"
#include "MatvecUnit32x2.h"
#include "MatvecUnitDense.h"
#include "unit_bench.h"

namespace {

using namespace ternion;
using fpga::Opcode;

template <typename Model, bool isDense>
struct Shape {
    using Type = Model;
    static constexpr bool dense = isDense;
};

template <typename S>
class MatvecBench : public UnitBench<typename S::Type> {
public:
    using Bench = UnitBench<typename S::Type>;
    using typename Bench::Word;
    static constexpr std::size_t elements = Bench::elements;
    static constexpr std::size_t lanes = sizeof(S::Type::code_data_i);
    static constexpr std::size_t groups = elements * 4 / lanes;
    static constexpr std::size_t groupRows = S::dense ? 5 : 4;
    static constexpr std::size_t rowsAtOnce = groups * groupRows;

    explicit MatvecBench(std::uint32_t seed) : Bench(seed) {
        for (auto& word : this->codes) word.assign(lanes, 0);
        randomCodes();
    }
    void randomCodes() {
        for (auto& word : this->codes)
            for (auto& code : word) code = static_cast<std::int8_t>(static_cast<int>(this->chance.below(255)) - 127);
    }
    void setScale(std::uint32_t multiplier, int shift) {
        scale.multiplier = multiplier;
        scale.shift = shift;
        this->unit->multiplier_i = multiplier;
        this->unit->shift_i = static_cast<std::uint8_t>(shift);
    }
    std::vector<std::int8_t> matrix(std::size_t rows, std::size_t chunks) {
        std::vector<std::int8_t> trits(rows * chunks * lanes);
        for (auto& trit : trits) trit = static_cast<std::int8_t>(static_cast<int>(this->chance.below(3)) - 1);
        return trits;
    }
    /// As device memory holds it; a zero in two bits is 00 or 10.
    std::vector<Word> packed(const std::vector<std::int8_t>& trits, std::size_t rows, std::size_t chunks) {
        std::vector<Word> words;
        for (std::size_t r = 0; r < rows; r += rowsAtOnce) {
            for (std::size_t c = 0; c < chunks; ++c) {
                Word word{};
                for (std::size_t byte = 0; byte < lanes * groups; ++byte) {
                    std::uint32_t value = 0;
                    for (std::size_t j = groupRows; j-- > 0;) {
                        const std::size_t row = r + byte / lanes * groupRows + j;
                        const int trit = row < rows ? trits[(row * chunks + c) * lanes + byte % lanes] : 0;
                        const std::uint32_t zero = this->chance.in(2) ? 0 : 2;
                        value = S::dense ? value * 3 + static_cast<std::uint32_t>(trit + 1)
                                         : value << 2 | (trit == 0  ? zero
                                                         : trit > 0 ? 1
                                                                    : 3);
                    }
                    word[byte / 4] =
                        static_cast<std::int32_t>(static_cast<std::uint32_t>(word[byte / 4]) | value << (8 * (byte % 4)));
                }
                words.push_back(word);
            }
        }
        return words;
    }
    std::vector<std::int32_t> product(const std::vector<std::int8_t>& trits, std::size_t rows, std::size_t chunks) const {
        std::vector<std::int32_t> values;
        for (std::size_t r = 0; r < rows; ++r) {
            std::int32_t sum = 0;
            for (std::size_t c = 0; c < chunks * lanes; ++c)
                sum += trits[r * chunks * lanes + c] * this->codes[c / lanes][c % lanes];
            values.push_back(fixed::rescale(sum, scale));
        }
        return values;
    }
    int check(const std::vector<std::int8_t>& trits, std::size_t rows, std::size_t chunks, Opcode opcode = Opcode::Matvec,
              std::uint8_t flags = 0) {
        UnitInstruction i{.opcode = opcode,
                          .flags = flags,
                          .b = static_cast<std::uint16_t>(chunks),
                          .count = static_cast<std::uint32_t>(rows)};
        i.dst = static_cast<std::uint16_t>(this->chance.below(1000));
        const auto values = product(trits, rows, chunks);
        auto golden = this->memory;
        std::vector<Word> logits;
        for (std::size_t r = 0; r < rows; r += elements) {
            Word word;
            std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(r), elements, word.begin());
            if (opcode == Opcode::Matvec) golden[i.dst + r / elements] = word;
            if ((flags & fpga::flag::logits) != 0) logits.push_back(word);
        }
        this->logits.clear();
        const auto words = packed(trits, rows, chunks);
        const int cycles = this->run(i, words);
        EXPECT_EQ(this->memory, golden);
        EXPECT_EQ(this->logits, logits);
        if (opcode == Opcode::Head) {
            const auto best = std::max_element(values.begin(), values.end());
            EXPECT_EQ(this->unit->chosen_row_o, best - values.begin());
            EXPECT_EQ(static_cast<std::int32_t>(this->unit->chosen_value_o), *best);
        }
        EXPECT_EQ(this->busy, words.size());
        EXPECT_EQ(this->busy + this->streamStalls + this->drainStalls, cycles);
        return cycles;
    }
    std::uint32_t chunks() { return this->chance.in(3) ? this->chance.between(1, 3) : this->chance.between(1, 32); }
    std::uint32_t rows() { return static_cast<std::uint32_t>(elements) * this->chance.between(1, 6); }

    fixed::CodeScale scale;
};

template <typename S>
class MatvecUnitTest : public testing::Test {};
using Shapes = testing::Types<Shape<MatvecUnit, false>, Shape<MatvecUnit16, false>, Shape<MatvecUnit32x2, false>,
                              Shape<MatvecUnitDense, true>>;
TYPED_TEST_SUITE(MatvecUnitTest, Shapes);

TYPED_TEST(MatvecUnitTest, IsTheGoldenModelBackToBackUnderStalls) {
    MatvecBench<TypeParam> bench(1);
    constexpr std::array<std::uint8_t, 2> flags{0, fpga::flag::logits};
    for (int n = 0; n < 120; ++n) {
        bench.streamStall = bench.chance.between(1, 3);
        bench.logitsStall = bench.chance.in(2) ? 1 : bench.chance.between(1, 60);
        bench.randomCodes();
        bench.setScale(bench.chance.bits(), static_cast<int>(bench.chance.between(1, 62)));
        const auto rows = bench.rows();
        const auto chunks = bench.chunks();
        const auto trits = bench.matrix(rows, chunks);
        if (bench.chance.in(2))
            bench.check(trits, rows, chunks);
        else
            bench.check(trits, rows, chunks, Opcode::Head, flags[bench.chance.below(2)]);
        if (bench.chance.in(4)) bench.idle(static_cast<int>(bench.chance.below(20)));
    }
}

TYPED_TEST(MatvecUnitTest, KnowsEveryLaneAndRowAlone) {
    MatvecBench<TypeParam> bench(2);
    using Bench = MatvecBench<TypeParam>;
    constexpr std::size_t rows = Bench::elements;
    constexpr std::size_t chunks = 2;
    bench.setScale(1U << 20, 20);
    for (std::size_t column = 0; column < chunks * Bench::lanes; ++column) {
        std::vector<std::int8_t> trits(rows * chunks * Bench::lanes);
        for (std::size_t row = column % 3; row < rows; row += 3)
            trits[row * chunks * Bench::lanes + column] = row % 2 == 0 ? 1 : -1;
        bench.check(trits, rows, chunks);
    }
    for (std::size_t column = 0; column < chunks * Bench::lanes; ++column) {  // a single code
        for (auto& word : bench.codes) word.assign(Bench::lanes, 0);
        bench.codes[column / Bench::lanes][column % Bench::lanes] = column % 2 == 0 ? 127 : -127;
        bench.check(bench.matrix(rows, chunks), rows, chunks);
    }
}

TYPED_TEST(MatvecUnitTest, HoldsTheLargestSumsAndSaturates) {
    MatvecBench<TypeParam> bench(3);
    using Bench = MatvecBench<TypeParam>;
    constexpr std::size_t rows = Bench::elements;
    constexpr std::size_t chunks = Bench::codeWords;
    for (auto& word : bench.codes) word.assign(Bench::lanes, 127);
    for (const int trit : {1, -1, 0}) {
        const std::vector<std::int8_t> trits(rows * chunks * Bench::lanes, static_cast<std::int8_t>(trit));
        for (const int shift : {1, 18, 40, 62}) {
            bench.setScale(~std::uint32_t{0}, shift);
            bench.check(trits, rows, chunks);
            bench.check(trits, rows, chunks, Opcode::Head);  // all equal: the first wins
        }
        bench.setScale(0, 1);
        bench.check(trits, rows, chunks);
    }
}

TYPED_TEST(MatvecUnitTest, IsRightAfterAResetAtAnyTime) {
    MatvecBench<TypeParam> bench(4);
    bench.setScale(123456789, 22);
    for (int cycles = 0; cycles < 100; ++cycles) {
        const auto rows = bench.rows();
        const auto chunks = bench.chunks();
        const auto trits = bench.matrix(rows, chunks);
        bench.logitsStall = 20;
        bench.abandon({.opcode = bench.chance.in(2) ? Opcode::Head : Opcode::Matvec,
                       .flags = fpga::flag::logits,
                       .b = static_cast<std::uint16_t>(chunks),
                       .count = rows},
                      bench.packed(trits, rows, chunks), cycles);
        bench.idle(3);
        bench.check(trits, rows, chunks, bench.chance.in(2) ? Opcode::Head : Opcode::Matvec);
    }
}

TYPED_TEST(MatvecUnitTest, KeepsTheArrayBusy) {
    MatvecBench<TypeParam> bench(5);
    bench.setScale(123456789, 22);
    constexpr std::size_t rows = 512;
    constexpr std::size_t chunks = 8;
    const int cycles = bench.check(bench.matrix(rows, chunks), rows, chunks);
    EXPECT_GE(bench.busy, cycles * 95 / 100) << cycles;
    EXPECT_LE(cycles - bench.busy, 20);
    bench.check(bench.matrix(rows, chunks), rows, chunks, Opcode::Head, fpga::flag::logits);
    EXPECT_EQ(bench.streamStalls, 0);
    EXPECT_LE(bench.drainStalls, 22);
}

}  // namespace
