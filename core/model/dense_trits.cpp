#include "model/dense_trits.h"

#include <cstdint>
#include <vector>

#include "base/wide.h"

namespace ternion {
namespace {

constexpr int digits = 5;  // trits a byte

/// 256 columns, one code a byte.
TERNION_WIDE void unpackRow(std::span<const std::byte> packed, std::uint8_t* codes) {
    for (std::size_t at = 0; at < packed.size(); at += 32, codes += 128)
        for (std::size_t l = 0; l < 4; ++l)
            for (std::size_t m = 0; m < 32; ++m)
                codes[l * 32 + m] = static_cast<std::uint8_t>(static_cast<unsigned>(packed[at + m]) >> 2 * l & 3U);
}

TERNION_WIDE void packRow(const std::uint8_t* codes, std::span<std::byte> out) {
    const std::size_t stripe = out.size();
    for (std::size_t p = 0; p < stripe; ++p) {
        unsigned number = 0;
        for (std::size_t n = 0; n < digits; ++n) number = number * 3 + codes[n * stripe + p];
        out[p] = static_cast<std::byte>(static_cast<std::uint16_t>(number * 256 + 242) / 243);
    }
}

}  // namespace

void packDense(const TernaryMatrix& matrix, int first, std::span<std::byte> out) {
    const std::size_t rowBytes = denseRowBytes(matrix.cols());
    // Code 1 past the columns that the matrix itself pads.
    std::vector<std::uint8_t> codes(static_cast<std::size_t>(codeColumns(matrix.cols())), 1);
    for (; !out.empty(); out = out.subspan(rowBytes)) {
        unpackRow(matrix.packedRow(first++), codes.data());
        packRow(codes.data(), out.first(rowBytes));
    }
}

}  // namespace ternion
