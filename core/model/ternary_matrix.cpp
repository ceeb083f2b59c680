#include "model/ternary_matrix.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "base/wide.h"

namespace ternion {
namespace {

// Where a column of a block sits: byte and shift.
struct Place {
    std::size_t byte;
    int shift;
};

constexpr Place placeOf(int column) {
    const int group = column / 128;
    const int lane = column % 128 / 32;
    return {static_cast<std::size_t>(group) * 32 + static_cast<std::size_t>(column % 32), 2 * lane};
}

constexpr std::uint64_t everyCode1 = 0x5555555555555555;

std::size_t packedSize(int rows, int cols) {
    const auto blocks = static_cast<std::size_t>(TernaryMatrix::blocksFor(cols));
    return static_cast<std::size_t>(rows) * blocks * TernaryMatrix::blockBytes;
}

std::uint64_t wordAt(std::span<const std::byte> bytes, std::size_t index) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + index * sizeof word, sizeof word);
    return word;
}

/// Packs a row, padded with zeros to whole blocks: +1 above `half`, -1 below -`half`, else 0.
TERNION_WIDE void packRow(std::span<const float> values, float half, std::byte* out) {
    // 128 columns make 32 bytes: lane l of 32 columns sits at bits 2l, 2l+1.
    for (std::size_t at = 0; at < values.size(); at += 128, out += 32)
        for (std::size_t m = 0; m < 32; ++m) {
            int byte = 0;
            for (int l = 0; l < 4; ++l) {
                const float w = values[at + static_cast<std::size_t>(l) * 32 + m];
                byte |= (1 + (w > half) - (w < -half)) << 2 * l;
            }
            out[m] = static_cast<std::byte>(byte);
        }
}

/// `fill(row, values)` gives the values of a row.
template <class Fill>
Result<AlignedBuffer> pack(int rows, int cols, float half, Fill fill) {
    TERNION_TRY(auto buffer, AlignedBuffer::allocate(packedSize(rows, cols)));
    const std::size_t rowBytes = packedSize(1, cols);
    std::vector<float> values(rowBytes * 4);
    for (int row = 0; row < rows; ++row) {
        fill(row, std::span(values).first(static_cast<std::size_t>(cols)));
        packRow(values, half, buffer.data() + static_cast<std::size_t>(row) * rowBytes);
    }
    return buffer;
}

/// Sum of |w| in eight lanes: an order that is the same everywhere and that a processor can do at once.
TERNION_WIDE double sumOfMagnitudes(std::span<const float> values) {
    std::array<double, 8> lanes{};
    std::size_t at = 0;
    for (; at + 8 <= values.size(); at += 8)
        for (std::size_t k = 0; k < 8; ++k) lanes[k] += std::fabs(static_cast<double>(values[at + k]));
    for (; at < values.size(); ++at) lanes[0] += std::fabs(static_cast<double>(values[at]));
    return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
}

}  // namespace

Result<TernaryMatrix> TernaryMatrix::fromLatent(std::span<const float> latent, int rows, int cols) {
    return fromLatent(FloatType::F32, std::as_bytes(latent), rows, cols);
}

Result<TernaryMatrix> TernaryMatrix::fromLatent(FloatType type, std::span<const std::byte> latent, int rows, int cols) {
    const std::size_t rowBytes = static_cast<std::size_t>(cols) * bytesOf(type);
    const auto readRow = [&](int row, std::span<float> values) {
        toFloats(type, latent.subspan(static_cast<std::size_t>(row) * rowBytes, rowBytes), values);
    };
    double sum = 0.0;
    std::vector<float> values(static_cast<std::size_t>(cols));
    for (int row = 0; row < rows; ++row) {
        readRow(row, values);
        const double rowSum = sumOfMagnitudes(values);
        if (!std::isfinite(rowSum)) {
            const auto bad = std::find_if(values.begin(), values.end(), [](float w) { return !std::isfinite(w); });
            return Error{ErrorCode::BadInput,
                         "the weight at row " + std::to_string(row) + ", column " + std::to_string(bad - values.begin()) +
                             " is not a finite number; the checkpoint is damaged or its training diverged",
                         {}};
        }
        sum += rowSum;
    }
    TernaryMatrix matrix;
    matrix.rows_ = rows;
    matrix.cols_ = cols;
    matrix.gamma_ = static_cast<float>(std::max(sum / (static_cast<double>(rows) * cols), 1e-5));
    // round(W / gamma) leaves 0 exactly where |W| > gamma / 2: one unit in the last place above gamma / 2, the quotient
    // already rounds to a float above a half, and a half itself rounds to the even 0. So no division is needed.
    TERNION_TRY(matrix.packed_, pack(rows, cols, matrix.gamma_ * 0.5F, readRow));
    return matrix;
}

Result<TernaryMatrix> TernaryMatrix::fromPacked(AlignedBuffer packed, int rows, int cols, float gamma) {
    const auto bad = [](std::string what) { return Error{ErrorCode::BadInput, std::move(what), {}}; };
    if (rows < 0 || cols < 0 || packed.size() != packedSize(rows, cols))
        return bad("packed trits take " + std::to_string(packed.size()) + " bytes; expected " +
                   std::to_string(packedSize(rows, cols)));
    if (!std::isfinite(gamma) || gamma <= 0.0F)
        return bad("the scale is " + std::to_string(gamma) + "; expected a positive number");
    TernaryMatrix matrix;
    matrix.rows_ = rows;
    matrix.cols_ = cols;
    matrix.gamma_ = gamma;
    matrix.packed_ = std::move(packed);
    // Code 3 has both bits set: high & low, anywhere, is a fault. One pass at memory speed.
    std::atomic<std::uint64_t> faults = 0;
    const auto bytes = matrix.packed();
    inParallel(bytes.size() / 8, std::size_t{1} << 15, [&](std::size_t begin, std::size_t end) {
        std::uint64_t found = 0;
        for (std::size_t i = begin; i < end; ++i) {
            const std::uint64_t word = wordAt(bytes, i);
            found |= word & (word >> 1) & everyCode1;
        }
        faults |= found;
    });
    if (faults != 0) return bad("packed trits hold the code 3, which stands for no trit");
    if (const int used = cols % blockColumns; used != 0)
        for (int row = 0; row < rows; ++row) {
            const auto block = matrix.packedRow(row).last(blockBytes);
            for (int col = used; col < blockColumns; ++col) {
                const Place place = placeOf(col);
                if ((std::to_integer<int>(block[place.byte]) >> place.shift & 3) != 1)
                    return bad("padding after column " + std::to_string(cols) + " of row " + std::to_string(row) +
                               " is not zero");
            }
        }
    return matrix;
}

Result<TernaryMatrix> TernaryMatrix::fromTrits(std::span<const std::int8_t> trits, int rows, int cols, float gamma) {
    TERNION_TRY(auto packed, pack(rows, cols, 0.5F, [&](int row, std::span<float> values) {
                    std::copy_n(trits.begin() + static_cast<std::ptrdiff_t>(row) * cols, cols, values.begin());
                }));
    return fromPacked(std::move(packed), rows, cols, gamma);
}

int TernaryMatrix::trit(int row, int col) const {
    const Place place = placeOf(col % blockColumns);
    const auto block = packedRow(row).subspan(static_cast<std::size_t>(col / blockColumns) * blockBytes, blockBytes);
    return (std::to_integer<int>(block[place.byte]) >> place.shift & 3) - 1;
}

TritCounts TernaryMatrix::counts() const {
    TritCounts counts;
    const auto bytes = packed();
    for (std::size_t i = 0; i < bytes.size() / 8; ++i) {
        const std::uint64_t word = wordAt(bytes, i);
        counts.plus += std::popcount(word >> 1 & everyCode1);  // code 2
        counts.zero += std::popcount(word & everyCode1);       // code 1, padding too
    }
    const std::int64_t all = std::int64_t{rows_} * cols_;
    counts.zero -= static_cast<std::int64_t>(bytes.size()) * 4 - all;
    counts.minus = all - counts.plus - counts.zero;
    return counts;
}

}  // namespace ternion
