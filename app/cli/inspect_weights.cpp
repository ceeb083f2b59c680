#include "checkpoint/safetensors_writer.h"
#include "inspect.h"
#include "inspect/weight_statistics.h"

namespace ternion::cli {
namespace {

/// A tensor a number and matrix, by the matrix' name.
Status writeTensors(const std::filesystem::path& out, const std::vector<WeightStatistics>& all) {
    std::vector<SafetensorsWriter::Tensor> tensors;
    std::vector<std::vector<float>> values;
    for (const WeightStatistics& matrix : all) {
        const auto add = [&](const char* what, const std::vector<double>& numbers) {
            tensors.push_back({matrix.name + "." + what, {static_cast<std::int64_t>(numbers.size())}});
            values.emplace_back(numbers.begin(), numbers.end());
        };
        const auto& counts = matrix.counts;
        add("gamma", {matrix.gamma});
        add("shares", {matrix.share(counts.minus), matrix.share(counts.zero), matrix.share(counts.plus)});
        add("entropy_bits_per_trit", {matrix.entropy()});
        add("row_zero_share", {matrix.rowSparsity.least, matrix.rowSparsity.most});
        add("column_zero_share", {matrix.columnSparsity.least, matrix.columnSparsity.most});
    }
    TERNION_TRY(auto file, SafetensorsWriter::create(out, tensors));
    for (std::size_t k = 0; k < values.size(); ++k) TERNION_CHECK(file.write(k, 0, values[k]));
    return file.finish();
}

}  // namespace

Result<nlohmann::ordered_json> inspectWeights(const InspectContext& context) {
    TERNION_TRY(auto all, weightStatistics(context.model, context.progress));
    if (context.layer) std::erase_if(all, [&](const auto& matrix) { return matrix.layer != *context.layer; });
    const auto statistics = std::make_shared<const std::vector<WeightStatistics>>(std::move(all));
    TERNION_CHECK(context.out.extension() == ".safetensors" ? writeTensors(context.out, *statistics)
                                                            : writeCsv(weightTable(statistics), context.out, context.progress));
    return nlohmann::ordered_json{{"matrices", statistics->size()}};
}

}  // namespace ternion::cli
