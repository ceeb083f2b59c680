// Matrices of trits for tests of what is read off them.
#pragma once

#include <random>
#include <stdexcept>
#include <vector>

#include "model/ternary_matrix.h"

namespace ternion {

/// Unevenly distributed, and differently from column to column, so that a wrong column or row is noticed.
inline TernaryMatrix randomTrits(int rows, int cols, unsigned seed) {
    std::mt19937 random(seed);
    std::vector<std::int8_t> trits;
    for (int row = 0; row < rows; ++row)
        for (int col = 0; col < cols; ++col) {
            const auto drawn = static_cast<int>(random() % 16);
            trits.push_back(static_cast<std::int8_t>(drawn < col % 7 ? 1 : drawn < 7 + row % 5 ? -1 : 0));
        }
    auto matrix = TernaryMatrix::fromTrits(trits, rows, cols, 0.25F);
    if (!matrix) throw std::logic_error(matrix.error().text());
    return std::move(*matrix);
}

}  // namespace ternion
