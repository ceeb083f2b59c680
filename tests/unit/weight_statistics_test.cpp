// Counts of trits, against counting them one by one.
#include "inspect/weight_statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "checkpoint/checkpoint.h"
#include "random_trits.h"

namespace ternion {
namespace {

struct Extremes {
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    std::int64_t most = 0;
    void see(std::int64_t value) {
        least = std::min(least, value);
        most = std::max(most, value);
    }
};

void expectAsCounted(const TernaryMatrix& matrix) {
    SCOPED_TRACE(std::to_string(matrix.rows()) + " x " + std::to_string(matrix.cols()));
    std::vector<std::int64_t> rows(static_cast<std::size_t>(matrix.rows())), cols(static_cast<std::size_t>(matrix.cols()));
    std::array<std::int64_t, 3> counts{};
    for (int row = 0; row < matrix.rows(); ++row)
        for (int col = 0; col < matrix.cols(); ++col) {
            const int trit = matrix.trit(row, col);
            ++counts[static_cast<std::size_t>(trit + 1)];
            rows[static_cast<std::size_t>(row)] += trit == 0 ? 1 : 0;
            cols[static_cast<std::size_t>(col)] += trit == 0 ? 1 : 0;
        }
    Extremes row, col;
    for (const auto zeros : rows) row.see(zeros);
    for (const auto zeros : cols) col.see(zeros);
    const auto statistics = weightStatistics(matrix);
    EXPECT_EQ(statistics.counts, (TritCounts{counts[0], counts[1], counts[2]}));
    EXPECT_EQ(statistics.counts, matrix.counts());
    EXPECT_EQ(statistics.rows, matrix.rows());
    EXPECT_EQ(statistics.cols, matrix.cols());
    EXPECT_EQ(statistics.gamma, matrix.gamma());
    EXPECT_EQ(statistics.rowSparsity.least, double(row.least) / matrix.cols());
    EXPECT_EQ(statistics.rowSparsity.most, double(row.most) / matrix.cols());
    EXPECT_EQ(statistics.columnSparsity.least, double(col.least) / matrix.rows());
    EXPECT_EQ(statistics.columnSparsity.most, double(col.most) / matrix.rows());
}

TEST(WeightStatistics, AreThoseOfTritsCountedOneByOne) {
    for (const auto& [rows, cols] :
         {std::pair(1, 1), {1, 256}, {255, 257}, {256, 255}, {97, 31}, {600, 129}, {3, 4097}, {1025, 640}})
        expectAsCounted(randomTrits(rows, cols, 7));
}

TEST(WeightStatistics, MatricesOfOneTritOnlyOverflowNothing) {
    for (const int trit : {-1, 0, 1}) {
        // More rows than a byte counts, and more blocks than one sum holds.
        for (const auto& [rows, cols] : {std::pair(777, 300), {2, 256 * 130 + 5}}) {
            const std::vector<std::int8_t> trits(static_cast<std::size_t>(rows) * static_cast<std::size_t>(cols),
                                                 static_cast<std::int8_t>(trit));
            const auto matrix = TernaryMatrix::fromTrits(trits, rows, cols, 0.5F);
            ASSERT_TRUE(matrix);
            expectAsCounted(*matrix);
            EXPECT_EQ(weightStatistics(*matrix).entropy(), 0.0);
        }
    }
}

TEST(WeightStatistics, EntropyIsShannons) {
    const auto even = TernaryMatrix::fromTrits(std::vector<std::int8_t>{-1, 0, 1, 1, -1, 0}, 2, 3, 1.0F);
    EXPECT_NEAR(weightStatistics(*even).entropy(), std::log2(3.0), 1e-15);
    const auto half = TernaryMatrix::fromTrits(std::vector<std::int8_t>{-1, 1}, 1, 2, 1.0F);
    EXPECT_EQ(weightStatistics(*half).entropy(), 1.0);
    const auto skewed = TernaryMatrix::fromTrits(std::vector<std::int8_t>{0, 0, 1, -1}, 1, 4, 1.0F);
    EXPECT_EQ(weightStatistics(*skewed).entropy(), 1.5);
}

TEST(WeightStatistics, OfTheGoldenModelAreTheAuthors) {
    const std::string data = TERNION_TEST_DATA;
    const auto opened = openCheckpoint(data + "/hgrn-256x4");
    ASSERT_TRUE(opened);
    const auto statistics = weightStatistics(*opened->model);
    ASSERT_TRUE(statistics);
    const auto expected = nlohmann::json::parse(std::ifstream(data + "/ternary/hgrn-256x4.json"));
    EXPECT_EQ(statistics->size(), expected.size());
    for (const auto& matrix : *statistics) {
        const auto& row = expected.at(matrix.name + ".weight");
        EXPECT_EQ(row["shape"], (std::vector{matrix.rows, matrix.cols})) << matrix.name;
        EXPECT_EQ(row["minus"], matrix.counts.minus) << matrix.name;
        EXPECT_EQ(row["zero"], matrix.counts.zero) << matrix.name;
        EXPECT_EQ(row["plus"], matrix.counts.plus) << matrix.name;
        EXPECT_EQ(row["gamma"].get<double>(), double{matrix.gamma}) << matrix.name;
        const auto found = findBitLinear(*opened->model, {matrix.layer, matrix.projection});
        EXPECT_EQ(found.name, matrix.name);
        ASSERT_NE(found.linear, nullptr);
        expectAsCounted(found.linear->weight);
    }
    EXPECT_EQ(findBitLinear(*opened->model, {4, "i_proj"}).linear, nullptr);
    EXPECT_EQ(findBitLinear(*opened->model, {0, "lm_head"}).linear, nullptr);
}

TEST(WeightStatistics, NamesSayWhereAMatrixIs) {
    EXPECT_EQ(placeOf("model.layers.0.attn.i_proj"), (MatrixPlace{0, "i_proj"}));
    EXPECT_EQ(placeOf("model.layers.31.mlp.down_proj"), (MatrixPlace{31, "down_proj"}));
    EXPECT_EQ(placeOf("lm_head"), (MatrixPlace{-1, "lm_head"}));
}

TEST(WeightStatistics, StopLeavesNothingHalfDone) {
    ModelConfig config;
    config.vocabSize = 40;
    config.hiddenSize = 24;
    config.numLayers = 3;
    config.intermediateSize = 36;
    const auto model = randomModel(config, 1);
    std::stop_source stop;
    int told = 0;
    const auto stopped = weightStatistics(*model, {[&](std::string_view, double) {
                                                       if (++told == 4) stop.request_stop();
                                                   },
                                                   stop.get_token()});
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, ErrorCode::Cancelled);
    EXPECT_EQ(told, 4);
}

TEST(WeightStatistics, TableHoldsARowAMatrix) {
    ModelConfig config;
    config.vocabSize = 40;
    config.hiddenSize = 24;
    config.numLayers = 1;
    config.intermediateSize = 36;
    const auto model = randomModel(config, 3);
    const auto all = std::make_shared<const std::vector<WeightStatistics>>(*weightStatistics(*model));
    const Table table = weightTable(all);
    ASSERT_EQ(table.rows, 7U);
    std::vector<TableCell> cells;
    const auto column = [&](const char* name) {
        return cells[static_cast<std::size_t>(std::find(table.columns.begin(), table.columns.end(), name) -
                                              table.columns.begin())];
    };
    table.fill(1, cells);
    ASSERT_EQ(cells.size(), table.columns.size());
    const TernaryMatrix& f = model->layers[0].f.weight;
    EXPECT_EQ(column("name"), TableCell("model.layers.0.attn.f_proj"));
    EXPECT_EQ(column("layer"), TableCell(std::int64_t{0}));
    EXPECT_EQ(column("zero"), TableCell(f.counts().zero));
    EXPECT_EQ(column("zero_share"), TableCell(double(f.counts().zero) / (24.0 * 24.0)));
    EXPECT_EQ(column("most_column_zero_share"), TableCell((*all)[1].columnSparsity.most));
    table.fill(6, cells);
    EXPECT_EQ(column("layer"), TableCell());
    EXPECT_EQ(column("rows"), TableCell(std::int64_t{40}));
}

}  // namespace
}  // namespace ternion
