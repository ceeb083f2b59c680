// What a matrix was before it became trits, against loops over the file's own numbers.
#include "inspect/latent_weights.h"

#include <gtest/gtest.h>

#include <cmath>

#include "checkpoint/latent_tensors.h"
#include "checkpoint_files.h"

namespace ternion {
namespace {

using namespace files;

const std::string goldenFolder = std::string(TERNION_TEST_DATA) + "/hgrn-256x4";

std::shared_ptr<const Model> modelIn(const std::filesystem::path& path) {
    auto opened = openCheckpoint(path);
    if (!opened) throw std::runtime_error(opened.error().text());
    return opened->model;
}

std::vector<float> weightsOf(const TensorSource& source, const std::string& name) {
    const StoredTensor* tensor = source.find(name);
    const FloatType type = *asFloat(tensor->type);
    std::vector<float> weights(tensor->bytes.size() / bytesOf(type));
    toFloats(type, tensor->bytes, weights);
    return weights;
}

void expectAsCounted(const LatentWeights& latent, const TernaryMatrix& trits, const std::vector<float>& weights) {
    const auto statistics = latent.statistics();
    ASSERT_TRUE(statistics) << statistics.error().text();
    LatentHistogram histogram;
    double absolute = 0.0, square = 0.0;
    std::int64_t near = 0, thresholds = 0;
    for (int row = 0; row < trits.rows(); ++row) {
        double rowAbsolute = 0.0, rowSquare = 0.0;
        for (int col = 0; col < trits.cols(); ++col) {
            const double ratio = double(weights[static_cast<std::size_t>(row * trits.cols() + col)]) / double(trits.gamma());
            const double error = ratio - trits.trit(row, col);
            rowAbsolute += std::abs(error);
            rowSquare += error * error;
            if (std::abs(std::abs(ratio) - 0.5) < 0.05) ++near;
            if (std::abs(ratio) == 0.5) ++thresholds;
            if (ratio < -4.0)
                ++histogram.below;
            else if (ratio >= 4.0)
                ++histogram.above;
            else
                for (int bin = 0; bin < LatentHistogram::bins; ++bin)
                    if (ratio >= LatentHistogram::edge(bin) && ratio < LatentHistogram::edge(bin + 1))
                        ++histogram.counts[static_cast<std::size_t>(bin)];
            ASSERT_EQ(latent.error(row, col), static_cast<float>(error)) << row << ", " << col;
        }
        absolute += rowAbsolute;
        square += rowSquare;
    }
    const double all = double(weights.size());
    EXPECT_EQ(statistics->histogram.counts, histogram.counts);
    EXPECT_EQ(statistics->histogram.below, histogram.below);
    EXPECT_EQ(statistics->histogram.above, histogram.above);
    EXPECT_EQ(statistics->meanAbsoluteError, absolute / all);
    EXPECT_EQ(statistics->rootMeanSquareError, std::sqrt(square / all));
    EXPECT_EQ(statistics->nearThreshold, double(near) / all);
    // The thresholds are edges of bins, so what lies between them became zero.
    std::int64_t between = 0;
    for (int bin = 0; bin < LatentHistogram::bins; ++bin)
        if (LatentHistogram::edge(bin) >= -0.5 && LatentHistogram::edge(bin) < 0.5)
            between += histogram.counts[static_cast<std::size_t>(bin)];
    EXPECT_LE(std::abs(between - trits.counts().zero), thresholds);
}

void expectPixels(const LatentWeights& latent, const MatrixRegion& region, int height, int width) {
    const auto pixels = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    std::vector<float> mean(pixels), rms(pixels);
    latent.reduceError(region, height, width, mean, rms);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            const CellRange down = cellsUnder(y, height, region.firstRow, region.rows);
            const CellRange across = cellsUnder(x, width, region.firstColumn, region.columns);
            double sum = 0.0, square = 0.0;
            for (int row = down.begin; row < down.end; ++row)
                for (int col = across.begin; col < across.end; ++col) {
                    const double error = double{latent.error(row, col)};
                    sum += error;
                    square += error * error;
                }
            const double all = double(down.size()) * across.size();
            const auto pixel = static_cast<std::size_t>(y * width + x);
            ASSERT_NEAR(mean[pixel], sum / all, 1e-7) << y << ", " << x;
            ASSERT_NEAR(rms[pixel], std::sqrt(square / all), 1e-7) << y << ", " << x;
        }
}

TEST(LatentWeights, OfTheGoldenModelAreThoseInItsFile) {
    const auto model = modelIn(goldenFolder);
    const auto source = openLatentTensors(goldenFolder);
    ASSERT_TRUE(source);
    for (const MatrixPlace& place : {MatrixPlace{0, "i_proj"}, {3, "down_proj"}, {-1, "lm_head"}}) {
        SCOPED_TRACE(place.projection);
        const auto latent = LatentWeights::open(goldenFolder, model, place);
        ASSERT_TRUE(latent) << latent.error().text();
        const auto found = findBitLinear(*model, place);
        expectAsCounted(*latent, found.linear->weight, weightsOf(*source, found.name + ".weight"));
        const int rows = latent->rows(), cols = latent->cols();
        expectPixels(*latent, {0, rows, 0, cols}, 50, 33);
        expectPixels(*latent, {rows - 7, 7, 3, 11}, 20, 30);
    }
}

TEST(LatentWeights, OfOddShapesInEveryTypeWithOutliers) {
    for (const FloatType type : {FloatType::F32, FloatType::F16, FloatType::BF16}) {
        const Scratch scratch;
        auto latent = latentModel(smallConfig(), type);
        auto& down = latent.find("model.layers.1.mlp.down_proj.weight");
        for (int k = 0; k < 5; ++k)
            down.bytes.replace(bytesOf(type) * static_cast<std::size_t>(k * 31), bytesOf(type),
                               encode(type, k % 2 == 0 ? 64.0F : -64.0F));
        const auto folder = writeSafetensorsFolder(latent, scratch / "folder");
        const auto model = modelIn(folder);
        const auto opened = LatentWeights::open(folder, model, {1, "down_proj"});
        ASSERT_TRUE(opened) << opened.error().text();
        const auto source = openLatentTensors(folder);
        expectAsCounted(*opened, model->layers[1].down.weight, weightsOf(*source, down.name));
        EXPECT_EQ(opened->statistics()->histogram.above, 3);
        EXPECT_EQ(opened->statistics()->histogram.below, 2);
    }
}

TEST(LatentWeights, OfATiedHeadAreTheEmbeddings) {
    const Scratch scratch;
    ModelConfig config = smallConfig();
    config.tieWordEmbeddings = true;
    const auto folder = writeSafetensorsFolder(latentModel(config, FloatType::F16), scratch / "folder");
    const auto model = modelIn(folder);
    const auto opened = LatentWeights::open(folder, model, {-1, "lm_head"});
    ASSERT_TRUE(opened) << opened.error().text();
    expectAsCounted(*opened, model->head.weight, weightsOf(*openLatentTensors(folder), "model.embeddings.weight"));
}

TEST(LatentWeights, OfAPackedFileAreNotThereAndItSaysWhatToOpen) {
    const Scratch scratch;
    const auto path = scratch / "packed.gguf";
    auto checkpoint = openCheckpoint(goldenFolder);
    ASSERT_TRUE(checkpoint);
    ASSERT_TRUE(writeGguf(*checkpoint, path, TritEncoding::TQ2_0));
    const auto opened = LatentWeights::open(path, modelIn(path), {0, "i_proj"});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::Unsupported);
    EXPECT_NE(opened.error().text().find("Hugging Face folder"), std::string::npos) << opened.error().text();
    EXPECT_NE(opened.error().text().find("packed.gguf"), std::string::npos);
}

TEST(LatentWeights, AFileThatHasChangedSinceIsNoticed) {
    const std::string weight = "model.layers.0.attn.f_proj.weight";
    struct Row {
        const char* what;
        std::function<void(LatentModel&)> change;
        std::string named;
        bool onlyInStatistics = false;
    };
    const std::vector<Row> rows{
        {"vanished", [&](auto& m) { m.remove(weight); }, "no tensor of this name"},
        {"other shape",
         [&](auto& m) {
             m.find(weight).shape = {12, 48};
         },
         "[12, 48]"},
        {"flat", [&](auto& m) { m.find(weight).shape = {576}; }, "[576]"},
        {"empty",
         [&](auto& m) {
             m.find(weight).shape = {0, 24};
             m.find(weight).bytes.clear();
         },
         "[0, 24]"},
        {"other weights", [&](auto& m) { m.find(weight).bytes.replace(0, 200, std::string(200, '\0')); },
         "do not make the trits", true},
        {"not a number", [&](auto& m) { m.find(weight).bytes.replace(100, 2, raw(std::uint16_t{0x7E00})); },
         "do not make the trits", true},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.what);
        const Scratch scratch;
        auto latent = latentModel(smallConfig(), FloatType::F16);
        const auto folder = writeSafetensorsFolder(latent, scratch / "folder");
        const auto model = modelIn(folder);
        row.change(latent);
        writeSafetensorsFolder(latent, folder);
        const auto opened = LatentWeights::open(folder, model, {0, "f_proj"});
        ASSERT_EQ(opened.ok(), row.onlyInStatistics);
        const auto statistics = opened ? opened->statistics() : Result<LatentStatistics>(opened.error());
        ASSERT_FALSE(statistics);
        const Error& error = statistics.error();
        EXPECT_EQ(error.code, ErrorCode::BadInput);
        for (const auto& said : {row.named, std::string("model.safetensors"), std::string("open it again")})
            EXPECT_NE(error.text().find(said), std::string::npos) << said << " is not in: " << error.text();
    }
}

TEST(LatentWeights, AFolderThatIsGoneOrCutShortIsNoticed) {
    const Scratch scratch;
    const auto folder = writeSafetensorsFolder(latentModel(smallConfig(), FloatType::F16), scratch / "folder");
    const auto model = modelIn(folder);
    std::filesystem::resize_file(folder / "model.safetensors", 5000);
    const auto cut = LatentWeights::open(folder, model, {0, "f_proj"});
    ASSERT_FALSE(cut);
    EXPECT_EQ(cut.error().code, ErrorCode::BadInput);
    std::filesystem::remove_all(folder);
    const auto gone = LatentWeights::open(folder, model, {0, "f_proj"});
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().code, ErrorCode::NotFound);
}

TEST(LatentWeights, AMatrixThatTheModelHasNotIsRefused) {
    const auto none = LatentWeights::open(goldenFolder, modelIn(goldenFolder), {17, "f_proj"});
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, ErrorCode::InvalidArgument);
}

TEST(LatentWeights, StopsWhenAskedTo) {
    const auto latent = LatentWeights::open(goldenFolder, modelIn(goldenFolder), {0, "i_proj"});
    ASSERT_TRUE(latent);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_EQ(latent->statistics({{}, stop.get_token()}).error().code, ErrorCode::Cancelled);
}

}  // namespace
}  // namespace ternion
