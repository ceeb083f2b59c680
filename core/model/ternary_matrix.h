// A matrix of trits {-1, 0, +1} with one scale: the weight of a BitLinear.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/aligned_buffer.h"
#include "base/float_type.h"
#include "base/result.h"

namespace ternion {

struct TritCounts {
    std::int64_t minus = 0;
    std::int64_t zero = 0;
    std::int64_t plus = 0;
    bool operator==(const TritCounts&) const = default;
};

/// `[rows, cols]` trits, packed two bits each, and gamma, the absmean scale (paper, equation 5).
///
/// Layout, the same for files (TQ2_0), the CPU and the GPU: a row is `blocksPerRow()` blocks of 64 bytes, each holding 256
/// consecutive columns; within a block the code (trit + 1: 0, 1 or 2) of column g*128 + l*32 + m, with g in 0..1, l in 0..3,
/// m in 0..31, sits at bits 2l, 2l+1 of byte g*32 + m. So one 32-bit word shifted right by 2l and masked with 0x03030303 holds
/// four consecutive columns, one cache line holds one block, and rows start on cache lines. Columns past `cols` hold code 1
/// (trit 0). A row's product with int8 codes q is sum(code * q) - sum(q).
///
/// Immutable once built, so safe to share between threads. Move-only; it owns its memory.
class TernaryMatrix {
public:
    static constexpr int blockColumns = 256;
    static constexpr std::size_t blockBytes = 64;

    /// Blocks of a row of `cols`, and the columns those hold.
    static constexpr int blocksFor(int cols) { return cols / blockColumns + (cols % blockColumns != 0 ? 1 : 0); }
    static constexpr int paddedColumns(int cols) { return blocksFor(cols) * blockColumns; }

    TernaryMatrix() = default;

    /// Absmean ternarisation of latent weights, row-major `[rows, cols]`:
    /// gamma = max(mean |W|, 1e-5), accumulated in double; trit = clamp(roundHalfEven(W / gamma), -1, 1).
    /// BadInput if a weight is NaN or infinite (the message holds row and column). OutOfMemory.
    static Result<TernaryMatrix> fromLatent(std::span<const float> latent, int rows, int cols);
    /// The same from weights as a file stores them; no copy of the tensor is made.
    static Result<TernaryMatrix> fromLatent(FloatType type, std::span<const std::byte> latent, int rows, int cols);

    /// Takes packed blocks (layout above). BadInput where sizes differ, a code is 3, padding is not 1, or gamma is no
    /// positive number.
    static Result<TernaryMatrix> fromPacked(AlignedBuffer packed, int rows, int cols, float gamma);

    /// Trits given one by one, row-major, each -1, 0 or +1. For tests and generated models.
    static Result<TernaryMatrix> fromTrits(std::span<const std::int8_t> trits, int rows, int cols, float gamma);

    int rows() const { return rows_; }
    int cols() const { return cols_; }
    float gamma() const { return gamma_; }
    int blocksPerRow() const { return blocksFor(cols_); }
    std::size_t rowBytes() const { return static_cast<std::size_t>(blocksPerRow()) * blockBytes; }
    std::span<const std::byte> packed() const { return packed_.bytes(); }
    std::span<const std::byte> packedRow(int row) const { return packed().subspan(row * rowBytes(), rowBytes()); }

    int trit(int row, int col) const;
    TritCounts counts() const;

private:
    int rows_ = 0;
    int cols_ = 0;
    float gamma_ = 0.0F;
    AlignedBuffer packed_;
};

}  // namespace ternion
