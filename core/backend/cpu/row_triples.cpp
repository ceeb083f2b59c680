#include "backend/cpu/row_triples.h"

#include <algorithm>

#include "base/parallel.h"
#include "base/wide.h"

namespace ternion {
namespace {

/// One block: a, b and c are its 64 bytes in three rows.
TERNION_WIDE void packBlock(const std::byte* a, const std::byte* b, const std::byte* c, std::byte* out) {
    constexpr std::size_t half = 32;
    for (std::size_t m = 0; m < half; ++m) out[m] = {};
    for (unsigned l = 0; l < 4; ++l)
        for (std::size_t m = 0; m < half; ++m) {
            const auto number = [&](std::size_t at) {
                const auto code = [&](const std::byte* row) { return static_cast<unsigned>(row[at]) >> 2 * l & 3U; };
                return code(a) + 3 * code(b) + 9 * code(c);
            };
            const unsigned low = number(m), high = number(half + m);
            out[half + l * half + m] = static_cast<std::byte>((low & 15U) | (high & 15U) << 4U);
            out[m] |= static_cast<std::byte>((low >> 4U) << (7 - 2 * l) | (high >> 4U) << (6 - 2 * l));
        }
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
