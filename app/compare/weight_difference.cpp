#include "compare/weight_difference.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>

#include "inspect/weights/shown_matrix.h"

namespace ternion::app {
namespace {

bool sameRow(const TernaryMatrix& a, const TernaryMatrix& b, int row) {
    const auto left = a.packedRow(row);
    const auto right = b.packedRow(row);
    return std::equal(left.begin(), left.end(), right.begin(), right.end());
}

class TritDifference : public MapSource {
public:
    explicit TritDifference(WeightDifference of)
        : of_(std::move(of)), first_(of_.firstLinear->weight), other_(of_.otherLinear->weight) {}

    int rows() const override { return first_.rows(); }
    int columns() const override { return first_.cols(); }
    float value(int row, int column) const override {
        return static_cast<float>(other_.trit(row, column) - first_.trit(row, column));
    }
    void reduce(const MapRegion& region, int height, int width, std::span<float> out,
                const std::stop_token& stop) const override {
        std::fill(out.begin(), out.end(), 0.0F);
        for (int y = 0; y < height && !stop.stop_requested(); ++y) {
            const CellRange down = cellsUnder(y, height, region.firstRow, region.rows);
            for (int row = down.begin; row < down.end; ++row) {
                if (sameRow(first_, other_, row)) continue;
                for (int x = 0; x < width; ++x) {
                    const CellRange across = cellsUnder(x, width, region.firstColumn, region.columns);
                    auto& pixel =
                        out[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)];
                    for (int column = across.begin; column < across.end; ++column)
                        if (const float cell = value(row, column); std::abs(cell) > std::abs(pixel)) pixel = cell;
                }
            }
        }
    }
    QString describe(int row, int column) const override {
        return QCoreApplication::translate("WeightDifference", "output %1, input %2: %3 in A, %4 in the other")
            .arg(row)
            .arg(column)
            .arg(tritText(first_.trit(row, column)), tritText(other_.trit(row, column)));
    }

private:
    WeightDifference of_;  // keeps the trits
    const TernaryMatrix& first_;
    const TernaryMatrix& other_;
};

}  // namespace

WeightDifference compareWeights(std::shared_ptr<const Model> first, std::shared_ptr<const Model> other,
                                const MatrixPlace& place, const std::stop_token& stop) {
    WeightDifference found;
    found.place = place;
    found.first = std::move(first);
    found.other = std::move(other);
    found.firstLinear = findBitLinear(*found.first, place).linear;
    found.otherLinear = findBitLinear(*found.other, place).linear;
    if (found.sameModel()) return found;
    const TernaryMatrix& a = found.firstLinear->weight;
    const TernaryMatrix& b = found.otherLinear->weight;
    for (int row = 0; row < a.rows() && !stop.stop_requested(); ++row) {
        if (sameRow(a, b, row)) continue;
        for (int column = 0; column < a.cols(); ++column) {
            const int left = a.trit(row, column);
            const int right = b.trit(row, column);
            if (left == right) continue;
            ++found.differing;
            if (!found.firstOfAll) found.firstOfAll = DifferingTrit{row, column, left, right};
        }
    }
    for (std::size_t k = 0; k < found.firstLinear->norm.size(); ++k)
        found.differingNorms += found.firstLinear->norm[k] != found.otherLinear->norm[k] ? 1 : 0;
    return found;
}

std::shared_ptr<const MapSource> differenceSource(const WeightDifference& difference) {
    return std::make_shared<TritDifference>(difference);
}

}  // namespace ternion::app
