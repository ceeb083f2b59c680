// A matrix as pixels: which cells a pixel stands for.
#pragma once

#include <algorithm>
#include <cstdint>

namespace ternion {

/// A rectangle of cells.
struct MatrixRegion {
    int firstRow = 0, rows = 0;
    int firstColumn = 0, columns = 0;
};

struct CellRange {
    int begin, end;
    int size() const { return end - begin; }
    bool operator==(const CellRange&) const = default;
};

/// The cells of `count`, the first of them being `first`, under pixel `at` of `pixels`. Pixels divide the cells among them
/// without gap or overlap; where there are more pixels than cells, each shows one cell.
inline CellRange cellsUnder(int at, int pixels, int first, int count) {
    const auto edge = [&](std::int64_t pixel) { return static_cast<int>(pixel * count / pixels); };
    const int begin = edge(at);
    return {first + begin, first + std::max(begin + 1, edge(std::int64_t{at} + 1))};
}

}  // namespace ternion
