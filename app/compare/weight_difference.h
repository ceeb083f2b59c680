// Where the weights of one matrix differ between two models.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "inspect/weight_statistics.h"
#include "views/map_source.h"

namespace ternion::app {

struct DifferingTrit {
    int row = 0, column = 0;
    int first = 0, other = 0;
};

/// What stands behind a cell in two models of the same shape. Immutable; any thread.
struct WeightDifference {
    MatrixPlace place;
    std::shared_ptr<const Model> first, other;
    const BitLinear* firstLinear = nullptr;
    const BitLinear* otherLinear = nullptr;
    std::int64_t differing = 0;               ///< trits
    std::optional<DifferingTrit> firstOfAll;  ///< row by row
    int differingNorms = 0;
    bool sameModel() const { return first == other; }
};

/// The models have such a matrix.
WeightDifference compareWeights(std::shared_ptr<const Model> first, std::shared_ptr<const Model> other,
                                const MatrixPlace& place, const std::stop_token& stop);

/// The other's trits less the first's: a pixel over several cells shows the one that differs most.
std::shared_ptr<const MapSource> differenceSource(const WeightDifference& difference);

}  // namespace ternion::app
