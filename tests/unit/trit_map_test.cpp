// Trits as pixels, against a loop over single trits.
#include "inspect/trit_map.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "random_trits.h"

namespace ternion {
namespace {

void expectAsAveraged(const TernaryMatrix& matrix, const MatrixRegion& region, int height, int width) {
    SCOPED_TRACE(std::to_string(region.firstRow) + "+" + std::to_string(region.rows) + ", " +
                 std::to_string(region.firstColumn) + "+" + std::to_string(region.columns) + " in " + std::to_string(height) +
                 " x " + std::to_string(width));
    const auto pixels = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    std::vector<float> mean(pixels), zero(pixels), mean2(pixels), zero2(pixels);
    reduceTrits(matrix, region, height, width, mean, zero);
    reduceTrits(matrix, region, height, width, mean2, {});
    reduceTrits(matrix, region, height, width, {}, zero2);
    EXPECT_EQ(mean, mean2);
    EXPECT_EQ(zero, zero2);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            const CellRange down = cellsUnder(y, height, region.firstRow, region.rows);
            const CellRange across = cellsUnder(x, width, region.firstColumn, region.columns);
            int sum = 0, zeros = 0, all = 0;
            for (int row = down.begin; row < down.end; ++row)
                for (int col = across.begin; col < across.end; ++col) {
                    sum += matrix.trit(row, col);
                    zeros += matrix.trit(row, col) == 0 ? 1 : 0;
                    ++all;
                }
            const auto pixel = static_cast<std::size_t>(y * width + x);
            ASSERT_EQ(mean[pixel], static_cast<float>(double(sum) / all)) << y << ", " << x;
            ASSERT_EQ(zero[pixel], static_cast<float>(double(zeros) / all)) << y << ", " << x;
        }
}

TEST(TritMap, PixelsAreTheMeansOfTheirTrits) {
    const auto odd = randomTrits(255, 257, 1);
    expectAsAveraged(odd, {0, 255, 0, 257}, 64, 50);
    expectAsAveraged(odd, {0, 255, 0, 257}, 1, 1);
    expectAsAveraged(odd, {13, 200, 31, 226}, 77, 101);
    expectAsAveraged(odd, {254, 1, 256, 1}, 5, 3);
    const auto small = randomTrits(97, 31, 2);
    expectAsAveraged(small, {0, 97, 0, 31}, 40, 200);
    expectAsAveraged(small, {0, 97, 0, 31}, 300, 7);
    expectAsAveraged(randomTrits(1, 1, 3), {0, 1, 0, 1}, 4, 9);
    // More rows under a pixel than a byte counts; a region that begins inside a block and ends in another.
    const auto tall = randomTrits(1100, 1000, 4);
    expectAsAveraged(tall, {0, 1100, 300, 650}, 2, 33);
}

TEST(TritMap, SingleTritsAreExactFromNear) {
    const auto matrix = randomTrits(300, 700, 5);
    const MatrixRegion region{100, 20, 250, 30};
    std::vector<float> mean(std::size_t{20} * 30);
    reduceTrits(matrix, region, 20, 30, mean, {});
    for (int row = 0; row < 20; ++row)
        for (int col = 0; col < 30; ++col)
            EXPECT_EQ(mean[static_cast<std::size_t>(row * 30 + col)], float(matrix.trit(100 + row, 250 + col)));
}

TEST(TritMap, StopsWhenAskedTo) {
    const auto matrix = randomTrits(64, 64, 6);
    std::stop_source stop;
    stop.request_stop();
    std::vector<float> mean(16, 7.0F);
    reduceTrits(matrix, {0, 64, 0, 64}, 4, 4, mean, {}, stop.get_token());
    EXPECT_EQ(mean, std::vector<float>(16, 7.0F));
}

TEST(TritMap, PixelsDivideTheCells) {
    for (const int pixels : {1, 7, 31, 100})
        for (const int cells : {1, 7, 30, 100, 32000}) {
            int next = 3;
            for (int at = 0; at < pixels; ++at) {
                const CellRange range = cellsUnder(at, pixels, 3, cells);
                EXPECT_GE(range.size(), 1);
                EXPECT_EQ(range.begin, cells >= pixels ? next : 3 + at * cells / pixels);
                next = range.end;
            }
            EXPECT_EQ(next, 3 + cells);
        }
}

}  // namespace
}  // namespace ternion
