#include "checkpoint/packed_trits.h"

#include <array>
#include <atomic>
#include <cstring>

#include "base/parallel.h"

namespace ternion {
namespace {

constexpr std::size_t scaleBytes = 2;
constexpr std::size_t codeBytes = TernaryMatrix::blockBytes;

std::size_t blocksOf(int cols) { return static_cast<std::size_t>(TernaryMatrix::blocksFor(cols)); }

std::size_t digitBytes(StoredType type) { return type == StoredType::TQ2_0 ? codeBytes : 52; }

// TQ1_0: byte k holds, most significant first, the codes of `count` columns that are `stride` apart from `first` on.
struct Digits {
    int first;
    int stride;
    int count;
};

constexpr Digits digitsOf(int k) {
    if (k < 32) return {k, 32, 5};
    if (k < 48) return {160 + k - 32, 16, 5};
    return {240 + k - 48, 4, 4};
}

constexpr std::size_t byteOf(std::size_t column) { return column / 128 * 32 + column % 32; }
constexpr int shiftOf(int column) { return column % 128 / 32 * 2; }

void toBaseThree(const std::byte* codes, std::byte* out) {
    for (int k = 0; k < 52; ++k) {
        const Digits digits = digitsOf(k);
        int value = 0;
        for (int n = 0; n < 5; ++n) {
            const int column = digits.first + n * digits.stride;
            value = 3 * value + (n < digits.count ? std::to_integer<int>(codes[byteOf(column)]) >> shiftOf(column) & 3 : 0);
        }
        // As a fraction of 3^5 in 256ths, rounded up: multiplying by 3 brings out one digit after the other.
        out[k] = static_cast<std::byte>((value * 256 + 242) / 243);
    }
}

void fromBaseThree(const std::byte* stored, std::byte* codes) {
    std::memset(codes, 0, codeBytes);
    for (int k = 0; k < 52; ++k) {
        const Digits digits = digitsOf(k);
        auto fraction = std::to_integer<unsigned>(stored[k]);
        for (int n = 0; n < digits.count; ++n) {
            const int column = digits.first + n * digits.stride;
            fraction *= 3;
            codes[byteOf(column)] |= static_cast<std::byte>(fraction >> 8 << shiftOf(column));
            fraction &= 0xFF;
        }
    }
}

}  // namespace

std::size_t packedRowSize(StoredType type, int cols) { return blocksOf(cols) * (digitBytes(type) + scaleBytes); }

void packRow(StoredType type, const TernaryMatrix& matrix, int row, std::span<std::byte> out) {
    const std::uint16_t scale = toHalf(matrix.gamma());
    const std::byte* codes = matrix.packedRow(row).data();
    std::byte* to = out.data();
    for (std::size_t b = 0; b < blocksOf(matrix.cols()); ++b, codes += codeBytes) {
        if (type == StoredType::TQ2_0)
            std::memcpy(to, codes, codeBytes);
        else
            toBaseThree(codes, to);
        to += digitBytes(type);
        std::memcpy(to, &scale, scaleBytes);
        to += scaleBytes;
    }
}

Result<TernaryMatrix> unpackRows(StoredType type, std::span<const std::byte> stored, int rows, int cols, float gamma) {
    const std::size_t blocks = static_cast<std::size_t>(rows) * blocksOf(cols);
    TERNION_TRY(auto packed, AlignedBuffer::allocate(blocks * codeBytes));
    const std::uint16_t expected = toHalf(gamma);
    const std::size_t storedBytes = digitBytes(type) + scaleBytes;
    std::atomic<std::size_t> wrong = blocks;  // the first block with another scale
    constexpr std::size_t grain = 4096;       // blocks: 256 KiB, more than a thread's start costs
    inParallel(blocks, grain, [&](std::size_t begin, std::size_t end) {
        for (std::size_t b = begin; b < end; ++b) {
            const std::byte* from = stored.data() + b * storedBytes;
            std::byte* codes = packed.data() + b * codeBytes;
            if (type == StoredType::TQ2_0)
                std::memcpy(codes, from, codeBytes);
            else
                fromBaseThree(from, codes);
            std::uint16_t scale = 0;
            std::memcpy(&scale, from + digitBytes(type), scaleBytes);
            if (scale == expected) continue;
            for (std::size_t seen = wrong; b < seen && !wrong.compare_exchange_weak(seen, b);) {
            }
            return;
        }
    });
    if (wrong < blocks)
        return Error{ErrorCode::BadInput,
                     "the scale of block " + std::to_string(wrong) + " is not the matrix's own, " + std::to_string(gamma),
                     {}};
    return TernaryMatrix::fromPacked(std::move(packed), rows, cols, gamma);
}

}  // namespace ternion
