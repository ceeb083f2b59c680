#include "inspect/trit_map.h"

#include <numeric>
#include <vector>

#include "inspect/column_counts.h"

namespace ternion {

void reduceTrits(const TernaryMatrix& matrix, const MatrixRegion& region, int height, int width, std::span<float> mean,
                 std::span<float> zeroShare, const std::stop_token& stop) {
    const int firstBlock = region.firstColumn / TernaryMatrix::blockColumns;
    const int endBlock = TernaryMatrix::blocksFor(region.firstColumn + region.columns);
    const int skipped = region.firstColumn - firstBlock * TernaryMatrix::blockColumns;
    const auto firstByte = static_cast<std::size_t>(firstBlock) * TernaryMatrix::blockBytes;
    const auto bytes = static_cast<std::size_t>(endBlock - firstBlock) * TernaryMatrix::blockBytes;
    const int columns = skipped + region.columns;

    ColumnCounts counts(bytes);
    std::vector<std::int32_t> zero(static_cast<std::size_t>(columns)), plus(zero.size());
    CellRange counted{-1, -1};
    for (int y = 0; y < height && !stop.stop_requested(); ++y) {
        const CellRange down = cellsUnder(y, height, region.firstRow, region.rows);
        if (down != counted) {
            for (int row = down.begin; row < down.end; ++row) counts.add(matrix.packedRow(row).subspan(firstByte, bytes));
            std::fill(zero.begin(), zero.end(), 0);
            std::fill(plus.begin(), plus.end(), 0);
            counts.takeInto(zero, plus);
            counted = down;
        }
        for (int x = 0; x < width; ++x) {
            const CellRange across = cellsUnder(x, width, skipped, region.columns);
            const auto sum = [&](const std::vector<std::int32_t>& of) {
                return std::accumulate(of.begin() + across.begin, of.begin() + across.end, std::int64_t{0});
            };
            const std::int64_t zeros = sum(zero), pluses = sum(plus);
            const std::int64_t all = std::int64_t{down.size()} * across.size();
            const auto pixel = static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x);
            if (!mean.empty()) mean[pixel] = static_cast<float>(double(2 * pluses + zeros - all) / double(all));
            if (!zeroShare.empty()) zeroShare[pixel] = static_cast<float>(double(zeros) / double(all));
        }
    }
}

}  // namespace ternion
