// ggml's block formats for trits, to and from TernaryMatrix's own layout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "checkpoint/tensor_source.h"
#include "model/ternary_matrix.h"

namespace ternion {

/// Both formats hold blocks of 256 trits and a half-precision scale behind each:
///   TQ2_0  64 bytes of two-bit codes, exactly TernaryMatrix's layout
///   TQ1_0  52 bytes of five (in the last four bytes, four) base-3 digits each
/// A row that is no multiple of 256 columns is filled up with zero trits, so the tensor's row is whole blocks, which is what
/// the formats demand and what makes the padded tensor mean the same to every tool that knows them. The half-precision scale is
/// for those tools; the exact one is a tensor of its own (scaleName).
std::size_t packedRowSize(StoredType type, int cols);

/// Writes one row of `matrix` into `out` (packedRowSize bytes).
void packRow(StoredType type, const TernaryMatrix& matrix, int row, std::span<std::byte> out);

/// Reads `rows` packed rows that lie one after the other. BadInput where a code is no trit, padding is no zero, or a block's
/// scale is not `gamma` in half precision.
Result<TernaryMatrix> unpackRows(StoredType type, std::span<const std::byte> stored, int rows, int cols, float gamma);

}  // namespace ternion
