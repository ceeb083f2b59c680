// Trits packed densely, five a byte: what a device reads where memory matters more than unpacking.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "model/ternary_matrix.h"

namespace ternion {

// Layout: a row of K columns is W = denseWords(K) 32-bit words. Byte p of the row (byte b of word w, p = 4w + b) holds the
// codes (trit + 1) of columns p, 4W + p, 8W + p, 12W + p and 16W + p as the digits, highest first, of a number to base 3,
// stored as ceil(number * 256 / 243): multiplied by 3, the bits above the low eight are the first digit; the low eight times 3
// give the next. So step n of word w meets word n*W + w of the activation codes. Columns past K hold code 1.

/// 32-bit words of a row: whole quads of them, so that rows start on 16 bytes.
constexpr int denseWords(int cols) { return (cols + 79) / 80 * 4; }
constexpr std::size_t denseRowBytes(int cols) { return static_cast<std::size_t>(denseWords(cols)) * 4; }

/// Columns that a token's activation codes are padded to with zeros: those that a row holds, in either packing.
constexpr int codeColumns(int cols) { return std::max(TernaryMatrix::paddedColumns(cols), denseWords(cols) * 20); }

/// Packs the rows from `first` on, as many as `out` holds. `out` is a multiple of denseRowBytes().
void packDense(const TernaryMatrix& matrix, int first, std::span<std::byte> out);

}  // namespace ternion
