#include "backend/cpu/row_triples.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/parallel.h"
#include "base/wide.h"

namespace ternion {
namespace {

/// One block: a, b and c are its 64 bytes in three rows.
TERNION_WIDE void packBlock(const std::byte* a, const std::byte* b, const std::byte* c, std::byte* out) {
    constexpr std::size_t half = 32;
    std::uint8_t fifth[half] = {};
    for (unsigned l = 0; l < 4; ++l)
        for (std::size_t m = 0; m < half; ++m) {
            const auto code = [&](const std::byte* row, std::size_t at) {
                return static_cast<std::uint8_t>(static_cast<std::uint8_t>(row[at]) >> 2 * l & 3);
            };
            const auto number = [&](std::size_t at) {
                return static_cast<std::uint8_t>(code(a, at) + 3 * code(b, at) + 9 * code(c, at));
            };
            const std::uint8_t low = number(m), high = number(half + m);
            out[half + l * half + m] = static_cast<std::byte>((low & 15) | high << 4);
            fifth[m] = static_cast<std::uint8_t>(fifth[m] << 2 | (low >> 4) << 1 | high >> 4);
        }
    std::memcpy(out, fifth, half);
}

}  // namespace

void packTriples(const TernaryMatrix& matrix, std::span<std::byte> out) {
    const int blocks = matrix.blocksPerRow();
    const std::size_t bytes = tripleBytes(blocks);
    inParallel(out.size() / bytes, 64, [&](std::size_t begin, std::size_t end) {
        for (std::size_t triple = begin; triple < end; ++triple) {
            const auto row = [&](int r) {
                return matrix.packedRow(std::min(3 * static_cast<int>(triple) + r, matrix.rows() - 1)).data();
            };
            const std::byte *a = row(0), *b = row(1), *c = row(2);
            std::byte* to = out.data() + triple * bytes;
            for (int block = 0; block < blocks; ++block, to += tripleBlockBytes) {
                packBlock(a, b, c, to);
                for (const std::byte** from : {&a, &b, &c}) *from += TernaryMatrix::blockBytes;
            }
        }
    });
}

}  // namespace ternion
