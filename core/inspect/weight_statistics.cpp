#include "inspect/weight_statistics.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <mutex>

#include "base/parallel.h"
#include "base/wide.h"

namespace ternion {
namespace {

// Two-bit codes: 0, 1 and 2 for -1, 0 and +1, never 3. So the low bit alone says "zero" and the high bit "plus".
constexpr std::uint64_t lowBits = 0x5555555555555555;

struct Ones {
    std::int64_t zero = 0;
    std::int64_t plus = 0;
};

/// Set bits of each kind among `words` words. Sideways in every word, since a processor without a population count, or a
/// compiler that may not use it, does this faster.
TERNION_WIDE Ones countRow(const std::uint64_t* words, std::size_t count) {
    constexpr std::uint64_t pairs = 0x3333333333333333, nibbles = 0x0f0f0f0f0f0f0f0f, bytes = 0x0101010101010101;
    Ones ones;
    for (std::size_t at = 0; at < count; ++at) {
        const std::uint64_t zero = words[at] & lowBits, plus = words[at] >> 1 & lowBits;
        const std::uint64_t zeros = (zero & pairs) + (zero >> 2 & pairs), pluses = (plus & pairs) + (plus >> 2 & pairs);
        ones.zero += static_cast<std::int64_t>(((zeros & nibbles) + (zeros >> 4 & nibbles)) * bytes >> 56);
        ones.plus += static_cast<std::int64_t>(((pluses & nibbles) + (pluses >> 4 & nibbles)) * bytes >> 56);
    }
    return ones;
}

/// Counts zeros column by column, over many rows at once: three rows fit into the two bits of a code, 255 into a byte.
class ColumnZeros {
public:
    ColumnZeros(std::size_t words, std::vector<std::int64_t>& totals) : threes_(words), bytes_(words * 4), totals_(totals) {}

    void add(const std::uint64_t* row) {
        addRow(row, threes_.data(), threes_.size());
        if (++rows_ % 3 == 0) widen(threes_.data(), bytes_.data(), threes_.size());
        if (rows_ == 255) flush();
    }
    /// Adds what has been counted to the totals, a block of 256 columns after the other.
    void flush() {
        widen(threes_.data(), bytes_.data(), threes_.size());
        const auto* counts = reinterpret_cast<const unsigned char*>(bytes_.data());
        const std::size_t lane = threes_.size() * sizeof(std::uint64_t);  // bytes of a row, as many as there are of each lane
        for (std::size_t column = 0; column < totals_.size(); ++column) {
            const std::size_t byte = column / 128 * 32 + column % 32;  // TernaryMatrix's layout
            totals_[column] += counts[column % 128 / 32 * lane + byte];
        }
        std::fill(bytes_.begin(), bytes_.end(), 0);
        rows_ = 0;
    }

private:
    TERNION_WIDE static void addRow(const std::uint64_t* row, std::uint64_t* threes, std::size_t words) {
        for (std::size_t at = 0; at < words; ++at) threes[at] += row[at] & lowBits;
    }
    TERNION_WIDE static void widen(std::uint64_t* threes, std::uint64_t* bytes, std::size_t words) {
        for (std::size_t lane = 0; lane < 4; ++lane)
            for (std::size_t at = 0; at < words; ++at) bytes[lane * words + at] += threes[at] >> 2 * lane & 0x0303030303030303;
        for (std::size_t at = 0; at < words; ++at) threes[at] = 0;
    }

    std::vector<std::uint64_t> threes_;
    std::vector<std::uint64_t> bytes_;  // lane 0 of all bytes, then lane 1, ...
    std::vector<std::int64_t>& totals_;
    int rows_ = 0;
};

WeightStatistics::Range shares(const std::vector<std::int64_t>& zeros, int of) {
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
    const std::size_t words = matrix.rowBytes() / sizeof(std::uint64_t);
    const auto padding = static_cast<std::int64_t>(TernaryMatrix::paddedColumns(matrix.cols())) - matrix.cols();
    std::vector<std::int64_t> rowZeros(rows), columnZeros(cols);
    std::int64_t plus = 0;
    std::mutex sums;
    inParallel(rows, std::max<std::size_t>(1, (std::size_t{1} << 17) / std::max<std::size_t>(1, words)),
               [&](std::size_t begin, std::size_t end) {
                   std::vector<std::int64_t> ownColumns(cols);
                   ColumnZeros columns(words, ownColumns);
                   std::vector<std::uint64_t> row(words);
                   std::int64_t ownPlus = 0;
                   for (std::size_t r = begin; r < end; ++r) {
                       std::memcpy(row.data(), matrix.packedRow(static_cast<int>(r)).data(), matrix.rowBytes());
                       const Ones ones = countRow(row.data(), words);
                       rowZeros[r] = ones.zero - padding;
                       ownPlus += ones.plus;
                       columns.add(row.data());
                   }
                   columns.flush();
                   const std::lock_guard lock(sums);
                   plus += ownPlus;
                   for (std::size_t c = 0; c < cols; ++c) columnZeros[c] += ownColumns[c];
               });
    WeightStatistics statistics;
    statistics.rows = matrix.rows();
    statistics.cols = matrix.cols();
    statistics.gamma = matrix.gamma();
    statistics.counts.plus = plus;
    for (const std::int64_t zeros : rowZeros) statistics.counts.zero += zeros;
    statistics.counts.minus = std::int64_t{matrix.rows()} * matrix.cols() - plus - statistics.counts.zero;
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

Table weightTable(const std::vector<WeightStatistics>& statistics) {
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
    table.rows = statistics.size();
    table.fill = [&statistics](std::size_t row, std::vector<TableCell>& cells) {
        const WeightStatistics& s = statistics[row];
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
