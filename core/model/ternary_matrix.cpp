#include "model/ternary_matrix.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <string>

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
    const auto blocks = (static_cast<std::size_t>(cols) + TernaryMatrix::blockColumns - 1) / TernaryMatrix::blockColumns;
    return static_cast<std::size_t>(rows) * blocks * TernaryMatrix::blockBytes;
}

std::uint64_t wordAt(std::span<const std::byte> bytes, std::size_t index) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + index * sizeof word, sizeof word);
    return word;
}

/// `tritAt(row, col)` gives -1, 0 or +1.
template <class TritAt>
Result<AlignedBuffer> pack(int rows, int cols, TritAt tritAt) {
    TERNION_TRY(auto buffer, AlignedBuffer::allocate(packedSize(rows, cols)));
    std::memset(buffer.data(), 0x55, buffer.size());
    const std::size_t rowBytes = rows > 0 ? buffer.size() / static_cast<std::size_t>(rows) : 0;
    for (int row = 0; row < rows; ++row) {
        std::byte* blocks = buffer.data() + static_cast<std::size_t>(row) * rowBytes;
        for (int col = 0; col < cols; ++col) {
            const Place place = placeOf(col % TernaryMatrix::blockColumns);
            auto& byte =
                blocks[static_cast<std::size_t>(col / TernaryMatrix::blockColumns) * TernaryMatrix::blockBytes + place.byte];
            // The byte holds code 1 there; code is trit + 1, and 1 ^ code turns one into the other.
            byte ^= static_cast<std::byte>((1 ^ (tritAt(row, col) + 1)) << place.shift);
        }
    }
    return buffer;
}

}  // namespace

Result<TernaryMatrix> TernaryMatrix::fromLatent(std::span<const float> latent, int rows, int cols) {
    double sum = 0.0;
    for (const float w : latent) sum += std::fabs(static_cast<double>(w));
    if (!std::isfinite(sum)) {
        const auto bad = std::find_if(latent.begin(), latent.end(), [](float w) { return !std::isfinite(w); });
        const auto index = bad - latent.begin();
        return Error{ErrorCode::BadInput,
                     "the weight at row " + std::to_string(index / cols) + ", column " + std::to_string(index % cols) +
                         " is not a finite number; the checkpoint is damaged or its training diverged",
                     {}};
    }
    TernaryMatrix matrix;
    matrix.rows_ = rows;
    matrix.cols_ = cols;
    matrix.gamma_ = static_cast<float>(std::max(sum / static_cast<double>(latent.size()), 1e-5));
    const float gamma = matrix.gamma_;
    TERNION_TRY(matrix.packed_, pack(rows, cols, [&](int row, int col) {
                    const float w =
                        latent[static_cast<std::size_t>(row) * static_cast<std::size_t>(cols) + static_cast<std::size_t>(col)];
                    return static_cast<int>(std::clamp(std::nearbyint(w / gamma), -1.0F, 1.0F));
                }));
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
    std::uint64_t faults = 0;
    const auto bytes = matrix.packed();
    for (std::size_t i = 0; i < bytes.size() / 8; ++i) {
        const std::uint64_t word = wordAt(bytes, i);
        faults |= word & (word >> 1) & everyCode1;
    }
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
    TERNION_TRY(
        auto packed, pack(rows, cols, [&](int row, int col) {
            return trits[static_cast<std::size_t>(row) * static_cast<std::size_t>(cols) + static_cast<std::size_t>(col)];
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
