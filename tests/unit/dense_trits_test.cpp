// Five trits a byte: every trit comes back, from the place and by the steps that the header promises.
#include "model/dense_trits.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

namespace ternion {
namespace {

/// What a kernel does: four bytes at once, two by two.
std::uint32_t nextCodes(std::uint32_t& even, std::uint32_t& odd) {
    even *= 3;
    odd *= 3;
    const std::uint32_t codes = (even >> 8 & 0x00030003U) | (odd & 0x03000300U);
    even &= 0x00FF00FFU;
    odd &= 0x00FF00FFU;
    return codes;
}

TEST(DenseTrits, EveryTritComesBackAndPaddingIsZero) {
    EXPECT_EQ(denseRowBytes(2560), 512U);  // five a byte
    std::mt19937 random(3);
    for (const int cols : {1, 7, 79, 80, 81, 256, 257, 300, 1024, 5632, 6912}) {
        const int rows = 3;
        std::vector<std::int8_t> trits(static_cast<std::size_t>(rows * cols));
        for (auto& trit : trits) trit = static_cast<std::int8_t>(static_cast<int>(random() % 3) - 1);
        const auto matrix = TernaryMatrix::fromTrits(trits, rows, cols, 1.0F);
        ASSERT_TRUE(matrix.ok());
        const int words = denseWords(cols);
        EXPECT_EQ(words % 4, 0);
        EXPECT_GE(codeColumns(cols), 20 * words);
        EXPECT_GE(codeColumns(cols), TernaryMatrix::paddedColumns(cols));
        for (const int first : {0, 1}) {
            std::vector<std::byte> packed(static_cast<std::size_t>(rows - first) * denseRowBytes(cols));
            packDense(*matrix, first, packed);
            for (int row = first; row < rows; ++row)
                for (int w = 0; w < words; ++w) {
                    std::uint32_t word = 0;
                    std::memcpy(&word, packed.data() + ((row - first) * words + w) * 4, 4);
                    std::uint32_t even = word & 0x00FF00FFU, odd = word >> 8 & 0x00FF00FFU;
                    for (int n = 0; n < 5; ++n) {
                        const std::uint32_t codes = nextCodes(even, odd);
                        for (int b = 0; b < 4; ++b) {
                            const int column = n * 4 * words + 4 * w + b;
                            const int trit = column < cols ? trits[static_cast<std::size_t>(row * cols + column)] : 0;
                            ASSERT_EQ(static_cast<int>(codes >> 8 * b & 0xFFU), trit + 1) << "column " << column;
                        }
                    }
                }
        }
    }
}

}  // namespace
}  // namespace ternion
