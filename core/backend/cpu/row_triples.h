// Weights as a decoding processor streams them: three rows together, five bits a column instead of six.
#pragma once

#include <cstddef>
#include <span>

#include "backend/cpu/kernels.h"
#include "model/ternary_matrix.h"

namespace ternion {

// Layout: rows 3t, 3t+1 and 3t+2 of one block of 256 columns are 160 bytes, the blocks of a triple follow one another, then
// comes the next triple. The codes a, b and c of the three rows in the column whose activation is at place p (codePlace) are
// the number a + 3b + 9c. Its low four bits are a half of byte 32 + p / 64 * 32 + p % 32, the low half where p % 64 < 32; its
// fifth bit is bit 7 - p / 32 of byte p % 32. Rows past the last repeat it.

constexpr std::size_t tripleBytes(int blocks) { return static_cast<std::size_t>(blocks) * tripleBlockBytes; }
inline std::size_t triplesBytes(const TernaryMatrix& matrix) {
    return static_cast<std::size_t>((matrix.rows() + 2) / 3) * tripleBytes(matrix.blocksPerRow());
}

/// Fills `out`, triplesBytes() long, on every core.
void packTriples(const TernaryMatrix& matrix, std::span<std::byte> out);

}  // namespace ternion
