#include "inspect/weight_statistics.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <mutex>
#include <numeric>

#include "base/parallel.h"
#include "base/wide.h"
#include "inspect/column_counts.h"

namespace ternion {
namespace {

/// Zeros among the codes of a row: in every byte, of as many blocks as it can hold the sum.
TERNION_WIDE std::int64_t zerosIn(const std::uint8_t* packed, std::size_t blocks) {
    constexpr std::size_t width = TernaryMatrix::blockBytes, blocksAtOnce = 63;  // four zeros a byte
    std::int64_t zeros = 0;
    while (blocks > 0) {
        std::array<std::uint8_t, width> sums{};
        const std::size_t now = std::min(blocks, blocksAtOnce);
        for (std::size_t block = 0; block < now; ++block, packed += width)
            for (std::size_t k = 0; k < width; ++k) {
                const int bits = packed[k] & 0x55;  // code 1, and no other, has the low bit
                const int pairs = (bits & 0x33) + (bits >> 2 & 0x33);
                sums[k] = static_cast<std::uint8_t>(sums[k] + (pairs & 0xf) + (pairs >> 4));
            }
        for (const int sum : sums) zeros += sum;
        blocks -= now;
    }
    return zeros;
}

template <class Count>
WeightStatistics::Range shares(const std::vector<Count>& zeros, int of) {
    if (zeros.empty()) return {};
    const auto [least, most] = std::minmax_element(zeros.begin(), zeros.end());
    return {double(*least) / of, double(*most) / of};
}

}  // namespace

double WeightStatistics::entropy() const {
    double bits = 0.0;
    for (const std::int64_t count : {counts.minus, counts.zero, counts.plus})
        if (count > 0) bits -= share(count) * std::log2(share(count));
    return bits;
}

WeightStatistics weightStatistics(const TernaryMatrix& matrix) {
    const auto rows = static_cast<std::size_t>(matrix.rows()), cols = static_cast<std::size_t>(matrix.cols());
    const int padding = TernaryMatrix::paddedColumns(matrix.cols()) - matrix.cols();  // holds zeros
    std::vector<std::int64_t> rowZeros(rows);
    std::vector<std::int32_t> columnZeros(cols), columnPlus(cols);
    std::mutex sums;
    constexpr std::size_t grainBytes = std::size_t{1} << 18;
    inParallel(rows, grainBytes / std::max<std::size_t>(1, matrix.rowBytes()) + 1, [&](std::size_t begin, std::size_t end) {
        ColumnCounts columns(matrix.rowBytes());
        for (std::size_t r = begin; r < end; ++r) {
            const auto row = matrix.packedRow(static_cast<int>(r));
            rowZeros[r] =
                zerosIn(reinterpret_cast<const std::uint8_t*>(row.data()), static_cast<std::size_t>(matrix.blocksPerRow())) -
                padding;
            columns.add(row);
        }
        const std::lock_guard lock(sums);
        columns.takeInto(columnZeros, columnPlus);
    });
    WeightStatistics statistics;
    statistics.rows = matrix.rows();
    statistics.cols = matrix.cols();
    statistics.gamma = matrix.gamma();
    statistics.counts.zero = std::accumulate(rowZeros.begin(), rowZeros.end(), std::int64_t{0});
    statistics.counts.plus = std::accumulate(columnPlus.begin(), columnPlus.end(), std::int64_t{0});
    statistics.counts.minus = std::int64_t{matrix.rows()} * matrix.cols() - statistics.counts.plus - statistics.counts.zero;
    statistics.rowSparsity = shares(rowZeros, matrix.cols());
    statistics.columnSparsity = shares(columnZeros, matrix.rows());
    return statistics;
}

Result<std::vector<WeightStatistics>> weightStatistics(const Model& model, const Progress& progress) {
    std::vector<WeightStatistics> all;
    const double matrices = 6.0 * double(model.layers.size()) + 1.0;
    model.forEachBitLinear([&](const std::string& name, const BitLinear& linear) {
        if (progress.stopped()) return;
        progress.tell("Counting trits", double(all.size()) / matrices);
        all.push_back(weightStatistics(linear.weight));
        all.back().name = name;
        auto place = placeOf(name);
        all.back().layer = place.layer;
        all.back().projection = std::move(place.projection);
    });
    if (progress.stopped()) return Error{ErrorCode::Cancelled, "counting trits was stopped", model.name};
    progress.tell("Counting trits", 1.0);
    return all;
}

MatrixPlace placeOf(std::string_view name) {
    constexpr std::string_view layers = "model.layers.";
    MatrixPlace place{-1, std::string(name.substr(name.rfind('.') + 1))};  // npos + 1: all of it
    if (name.starts_with(layers)) std::from_chars(name.data() + layers.size(), name.data() + name.size(), place.layer);
    return place;
}

NamedBitLinear findBitLinear(const Model& model, const MatrixPlace& place) {
    NamedBitLinear found;
    model.forEachBitLinear([&](const std::string& name, const BitLinear& linear) {
        if (placeOf(name) == place) found = {name, &linear};
    });
    return found;
}

Table weightTable(std::shared_ptr<const std::vector<WeightStatistics>> statistics) {
    Table table;
    table.columns = {"name",
                     "layer",
                     "projection",
                     "rows",
                     "columns",
                     "gamma",
                     "minus",
                     "zero",
                     "plus",
                     "minus_share",
                     "zero_share",
                     "plus_share",
                     "entropy_bits_per_trit",
                     "least_row_zero_share",
                     "most_row_zero_share",
                     "least_column_zero_share",
                     "most_column_zero_share"};
    table.rows = statistics->size();
    table.fill = [statistics = std::move(statistics)](std::size_t row, std::vector<TableCell>& cells) {
        const WeightStatistics& s = (*statistics)[row];
        cells = {s.name,
                 s.layer < 0 ? TableCell() : TableCell(std::int64_t{s.layer}),
                 s.projection,
                 std::int64_t{s.rows},
                 std::int64_t{s.cols},
                 double{s.gamma},
                 s.counts.minus,
                 s.counts.zero,
                 s.counts.plus,
                 s.share(s.counts.minus),
                 s.share(s.counts.zero),
                 s.share(s.counts.plus),
                 s.entropy(),
                 s.rowSparsity.least,
                 s.rowSparsity.most,
                 s.columnSparsity.least,
                 s.columnSparsity.most};
    };
    return table;
}

}  // namespace ternion
