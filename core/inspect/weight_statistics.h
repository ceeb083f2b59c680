// How the trits of a model are distributed, matrix by matrix.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "base/table.h"
#include "model/model.h"

namespace ternion {

struct WeightStatistics {
    std::string name;        ///< "model.layers.0.attn.i_proj", "lm_head"
    int layer = -1;          ///< -1: the head, which is in none
    std::string projection;  ///< the last part of the name: "i_proj", "lm_head"
    int rows = 0;            ///< outputs
    int cols = 0;            ///< inputs
    float gamma = 0.0F;
    TritCounts counts;

    /// Fractions, 0 to 1.
    struct Range {
        double least = 0.0;
        double most = 0.0;
    };
    Range rowSparsity;     ///< share of zeros in a row, over all rows
    Range columnSparsity;  ///< share of zeros in a column, over all columns

    double share(std::int64_t count) const { return double(count) / (double(rows) * cols); }
    /// Shannon's, of the three shares: bits a trit, 0 to log2(3) = 1.585.
    double entropy() const;
};

/// Of one matrix, without its place in a model. On every core.
WeightStatistics weightStatistics(const TernaryMatrix& matrix);

/// Of every matrix, in the order of Model::forEachBitLinear. Cancelled between two matrices.
Result<std::vector<WeightStatistics>> weightStatistics(const Model& model, const Progress& progress = {});

/// Layer and projection of a matrix by its name: {0, "i_proj"}, {-1, "lm_head"}.
struct MatrixPlace {
    int layer = -1;
    std::string projection;
    bool operator==(const MatrixPlace&) const = default;
};
MatrixPlace placeOf(std::string_view name);

/// What forEachBitLinear() calls `name`; null where the model has none. The head has no layer.
struct NamedBitLinear {
    std::string name;
    const BitLinear* linear = nullptr;
};
NamedBitLinear findBitLinear(const Model& model, const MatrixPlace& place);

/// A row a matrix.
Table weightTable(std::shared_ptr<const std::vector<WeightStatistics>> statistics);

}  // namespace ternion
