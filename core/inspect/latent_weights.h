// What a matrix was before it became trits: how its weights lie about the two thresholds, and what rounding cost.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <span>
#include <stop_token>

#include "base/progress.h"
#include "base/result.h"
#include "inspect/pixel_grid.h"
#include "inspect/weight_statistics.h"

namespace ternion {

class TensorSource;
struct StoredTensor;

/// W / gamma, in bins of equal width. A weight becomes +1 above 0.5 and -1 below -0.5 (paper, equation 5): both are edges of
/// bins.
struct LatentHistogram {
    static constexpr int bins = 128;
    static constexpr double reach = 4.0;                 ///< from -reach to reach
    static constexpr double width = 2.0 * reach / bins;  ///< 1/16, so that every edge is exact
    static constexpr double threshold = 0.5;
    static double edge(int bin) { return bin * width - reach; }  ///< bin k: edge(k) <= W / gamma < edge(k + 1)

    std::array<std::int64_t, bins> counts{};
    std::int64_t below = 0;  ///< W / gamma < -reach
    std::int64_t above = 0;  ///< W / gamma >= reach
};

/// Errors are W - gamma * trit, in units of gamma.
struct LatentStatistics {
    LatentHistogram histogram;
    double meanAbsoluteError = 0.0;
    double rootMeanSquareError = 0.0;
    double nearThreshold = 0.0;  ///< share of weights less than `near` from a threshold: a small step of training flips them
    static constexpr double near = 0.05;
};

/// One matrix of a model, and its latent weights in the file that the model was opened from. Keeps both mapped. Any thread.
class LatentWeights {
public:
    /// `path` is what openCheckpoint() was given. Unsupported for a packed file, saying what to open instead; NotFound, Io and
    /// BadInput as openCheckpoint(); BadInput where the file has no such tensor, or one of another shape, any more.
    static Result<LatentWeights> open(const std::filesystem::path& path, std::shared_ptr<const Model> model,
                                      const MatrixPlace& place);

    int rows() const;
    int cols() const;
    /// W - gamma * trit in units of gamma; 0 <= row < rows(), 0 <= col < cols().
    float error(int row, int col) const;

    /// BadInput where the weights do not make the model's trits: the file is another one by now. Cancelled.
    Result<LatentStatistics> statistics(const Progress& progress = {}) const;

    /// The error under each of `[height, width]` pixels of `region`, in units of gamma: its mean, with its sign, and its root
    /// mean square; as reduceTrits().
    void reduceError(const MatrixRegion& region, int height, int width, std::span<float> mean, std::span<float> rootMeanSquare,
                     const std::stop_token& stop = {}) const;

private:
    LatentWeights(std::shared_ptr<const Model> model, const BitLinear& linear, std::shared_ptr<const TensorSource> source,
                  const StoredTensor& tensor)
        : model_(std::move(model)), linear_(&linear), source_(std::move(source)), tensor_(&tensor) {}
    void read(int row, int firstColumn, std::span<float> weights) const;

    std::shared_ptr<const Model> model_;
    const BitLinear* linear_;
    std::shared_ptr<const TensorSource> source_;
    const StoredTensor* tensor_;
};

}  // namespace ternion
