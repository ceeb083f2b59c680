// How far two sides are apart, layer by layer and token by token, as a map.
#pragma once

#include <QStringList>
#include <memory>
#include <optional>
#include <vector>

#include "compare/comparison_feed.h"
#include "views/color_scale.h"
#include "views/map_source.h"

namespace ternion::app {

enum class DifferenceMeasure { MaxAbs, Relative };

struct DifferenceChoice {
    std::optional<TraceTensor> tensor;  ///< nothing: the largest over all
    DifferenceMeasure measure = DifferenceMeasure::MaxAbs;
};

/// A layer a row, a token a column. A pixel over several cells shows the largest of them: what differs is never averaged away.
class DifferenceMap final : public MapSource {
public:
    /// `items` are in the order of StepComparison::tensors; `tokens`: the texts, for people.
    DifferenceMap(std::vector<ComparedStep> steps, std::vector<TraceRequest::Item> items, const DifferenceChoice& choice,
                  QStringList tokens);

    int rows() const override { return static_cast<int>(ofLayer_.size()); }
    int columns() const override { return static_cast<int>(steps_.size()); }
    float value(int row, int column) const override;
    void reduce(const MapRegion& region, int height, int width, std::span<float> out,
                const std::stop_token& stop) const override;
    QString describe(int row, int column) const override;

    int side() const { return steps_.empty() ? 1 : steps_.front()->side; }  ///< that is compared with the first
    /// The one of the cell's tensors that differs most, and its channel.
    struct Worst {
        TraceRequest::Item item;
        TensorDifference difference;
    };
    Worst worst(int row, int column) const;
    bool allZero() const;
    /// As wide as the values are, in whole powers of ten.
    ColorScale scale() const;

private:
    float measured(const TensorDifference& difference) const {
        return choice_.measure == DifferenceMeasure::MaxAbs ? difference.maxAbs : difference.relative;
    }
    const TensorDifference& largest(int row, int column, std::size_t& at) const;

    std::vector<ComparedStep> steps_;
    std::vector<TraceRequest::Item> items_;
    DifferenceChoice choice_;
    QStringList tokens_;
    std::vector<std::vector<std::size_t>> ofLayer_;  // places in items_
};

}  // namespace ternion::app
