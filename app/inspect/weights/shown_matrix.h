// A matrix that the weights view shows, with all it needs to live beside the open model.
#pragma once

#include <QString>
#include <memory>
#include <optional>
#include <vector>

#include "inspect/weight_statistics.h"

namespace ternion::app {

/// A model whose weights are looked at. Shared, never changed; any thread.
struct CountedModel {
    std::shared_ptr<const Model> model;
    QString path;  ///< what latent weights are read from
    std::shared_ptr<const std::vector<WeightStatistics>> statistics;
};

/// Cancelled.
Result<std::shared_ptr<const CountedModel>> countModel(std::shared_ptr<const Model> model, const QString& path,
                                                       const Progress& progress);

struct ShownMatrix {
    std::shared_ptr<const CountedModel> of;
    std::size_t index = 0;    ///< among its statistics
    QString title;            ///< "layer 3, f_proj", and of which model, if it is another one
    QString projectionTitle;  ///< the same without the layer
    bool operator==(const ShownMatrix&) const = default;

    const WeightStatistics& statistics() const { return (*of->statistics)[index]; }
    MatrixPlace place() const { return {statistics().layer, statistics().projection}; }
    const TernaryMatrix& trits() const { return findBitLinear(*of->model, place()).linear->weight; }
};

/// "layer 3, f_proj"; the head has no layer.
QString titleOf(const MatrixPlace& place);
/// Nothing where the model has no such matrix.
std::optional<ShownMatrix> shownMatrix(const std::shared_ptr<const CountedModel>& model, const MatrixPlace& place);

QString tritText(int trit);  ///< "−1", "0", "+1"
QString summaryOf(const WeightStatistics& statistics);

}  // namespace ternion::app
