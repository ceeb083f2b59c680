#include "inspect/latent_weights.h"

#include <atomic>
#include <cmath>
#include <mutex>
#include <numeric>
#include <vector>

#include "base/parallel.h"
#include "checkpoint/latent_tensors.h"

namespace ternion {
namespace {

constexpr const char* headName = "lm_head.weight";
constexpr const char* embeddingsName = "model.embeddings.weight";
constexpr std::size_t grainWeights = std::size_t{1} << 16;

/// As TernaryMatrix::fromLatent() has it.
int tritOf(float weight, float gamma) { return (weight > gamma * 0.5F) - (weight < -(gamma * 0.5F)); }

double errorOf(float weight, int trit, float gamma) { return double(weight) / double(gamma) - trit; }

void count(LatentHistogram& histogram, double ratio) {
    constexpr int half = LatentHistogram::bins / 2;
    const double bin = std::floor(ratio / LatentHistogram::width) + half;  // the width is a power of two: exact
    if (bin < 0)
        ++histogram.below;
    else if (bin >= LatentHistogram::bins)
        ++histogram.above;
    else
        ++histogram.counts[static_cast<std::size_t>(bin)];
}

std::size_t grainRows(int cols) { return grainWeights / static_cast<std::size_t>(std::max(cols, 1)) + 1; }

}  // namespace

Result<LatentWeights> LatentWeights::open(const std::filesystem::path& path, std::shared_ptr<const Model> model,
                                          const MatrixPlace& place) {
    const auto found = findBitLinear(*model, place);
    if (found.linear == nullptr) return Error{ErrorCode::InvalidArgument, "the model has no such matrix", place.projection};
    TERNION_TRY(auto opened, openLatentTensors(path));
    const auto source = std::make_shared<const TensorSource>(std::move(opened));
    const std::string name = found.name + ".weight";
    const StoredTensor* tensor = source->find(name);
    if (tensor == nullptr && name == headName && model->config.tieWordEmbeddings) tensor = source->find(embeddingsName);
    const std::vector<std::int64_t> shape{found.linear->weight.rows(), found.linear->weight.cols()};
    if (tensor == nullptr || tensor->shape != shape || !asFloat(tensor->type))
        return Error{ErrorCode::BadInput,
                     "expected " + toText(shape) + ", found " +
                         (tensor == nullptr ? "no tensor of this name"
                                            : toText(tensor->shape) + ", " + std::string(nameOf(tensor->type))) +
                         "; the checkpoint has changed since it was opened: open it again",
                     source->context(name)};
    return LatentWeights(std::move(model), *found.linear, source, *tensor);
}

int LatentWeights::rows() const { return linear_->weight.rows(); }
int LatentWeights::cols() const { return linear_->weight.cols(); }

void LatentWeights::read(int row, int firstColumn, std::span<float> weights) const {
    const FloatType type = *asFloat(tensor_->type);
    const std::size_t first =
        static_cast<std::size_t>(row) * static_cast<std::size_t>(cols()) + static_cast<std::size_t>(firstColumn);
    toFloats(type, tensor_->bytes.subspan(first * bytesOf(type), weights.size() * bytesOf(type)), weights);
}

float LatentWeights::error(int row, int col) const {
    float weight = 0.0F;
    read(row, col, std::span(&weight, 1));
    return static_cast<float>(errorOf(weight, linear_->weight.trit(row, col), linear_->weight.gamma()));
}

Result<LatentStatistics> LatentWeights::statistics(const Progress& progress) const {
    const TernaryMatrix& trits = linear_->weight;
    const float gamma = trits.gamma();
    LatentStatistics all;
    // Sums are made row by row and added up in the order of the rows: the same whatever the number of threads.
    std::vector<double> absolute(static_cast<std::size_t>(rows())), square(absolute.size());
    std::int64_t near = 0;
    std::atomic<bool> same = true;
    std::mutex sums;
    inParallel(absolute.size(), grainRows(cols()), [&](std::size_t begin, std::size_t end) {
        std::vector<float> weights(static_cast<std::size_t>(cols()));
        LatentHistogram histogram;
        std::int64_t ownNear = 0;
        for (std::size_t row = begin; row < end && same && !progress.stopped(); ++row) {
            read(static_cast<int>(row), 0, weights);
            for (int col = 0; col < cols(); ++col) {
                const float weight = weights[static_cast<std::size_t>(col)];
                const int trit = trits.trit(static_cast<int>(row), col);
                if (!std::isfinite(weight) || trit != tritOf(weight, gamma)) {
                    same = false;
                    break;
                }
                const double ratio = double(weight) / double(gamma), error = errorOf(weight, trit, gamma);
                count(histogram, ratio);
                absolute[row] += std::abs(error);
                square[row] += error * error;
                ownNear += std::abs(std::abs(ratio) - LatentHistogram::threshold) < LatentStatistics::near ? 1 : 0;
            }
        }
        const std::lock_guard lock(sums);
        for (std::size_t bin = 0; bin < histogram.counts.size(); ++bin) all.histogram.counts[bin] += histogram.counts[bin];
        all.histogram.below += histogram.below;
        all.histogram.above += histogram.above;
        near += ownNear;
    });
    if (progress.stopped()) return Error{ErrorCode::Cancelled, "reading weights was stopped", {}};
    if (!same)
        return Error{ErrorCode::BadInput,
                     "the weights in the file do not make the trits of the open model; the checkpoint has changed since it was "
                     "opened: open it again",
                     source_->context({})};
    const double weights = double(rows()) * cols();
    all.meanAbsoluteError = std::accumulate(absolute.begin(), absolute.end(), 0.0) / weights;
    all.rootMeanSquareError = std::sqrt(std::accumulate(square.begin(), square.end(), 0.0) / weights);
    all.nearThreshold = double(near) / weights;
    return all;
}

void LatentWeights::reduceError(const MatrixRegion& region, int height, int width, std::span<float> mean,
                                std::span<float> rootMeanSquare, const std::stop_token& stop) const {
    const TernaryMatrix& trits = linear_->weight;
    const std::size_t grain =
        grainRows(region.columns) * static_cast<std::size_t>(height) / static_cast<std::size_t>(std::max(region.rows, 1)) + 1;
    inParallel(static_cast<std::size_t>(height), grain, [&](std::size_t begin, std::size_t end) {
        std::vector<float> weights(static_cast<std::size_t>(region.columns));
        std::vector<double> sum(static_cast<std::size_t>(width)), square(sum.size());
        for (std::size_t y = begin; y < end && !stop.stop_requested(); ++y) {
            const CellRange down = cellsUnder(static_cast<int>(y), height, region.firstRow, region.rows);
            std::fill(sum.begin(), sum.end(), 0.0);
            std::fill(square.begin(), square.end(), 0.0);
            for (int row = down.begin; row < down.end; ++row) {
                read(row, region.firstColumn, weights);
                for (int x = 0; x < width; ++x) {
                    const CellRange across = cellsUnder(x, width, 0, region.columns);
                    for (int col = across.begin; col < across.end; ++col) {
                        const double error = errorOf(weights[static_cast<std::size_t>(col)],
                                                     trits.trit(row, region.firstColumn + col), trits.gamma());
                        sum[static_cast<std::size_t>(x)] += error;
                        square[static_cast<std::size_t>(x)] += error * error;
                    }
                }
            }
            for (int x = 0; x < width; ++x) {
                const double all = double(down.size()) * cellsUnder(x, width, 0, region.columns).size();
                const auto at = static_cast<std::size_t>(x);
                const std::size_t pixel = y * static_cast<std::size_t>(width) + at;
                if (!mean.empty()) mean[pixel] = static_cast<float>(sum[at] / all);
                if (!rootMeanSquare.empty()) rootMeanSquare[pixel] = static_cast<float>(std::sqrt(square[at] / all));
            }
        }
    });
}

}  // namespace ternion
