#include "inspect/weight_statistics.h"

#include "inspect.h"

namespace ternion::cli {

Result<nlohmann::ordered_json> inspectWeights(const InspectContext& context) {
    TERNION_TRY(auto all, weightStatistics(context.model, context.progress));
    if (context.layer) std::erase_if(all, [&](const auto& matrix) { return matrix.layer != *context.layer; });
    const auto statistics = std::make_shared<const std::vector<WeightStatistics>>(std::move(all));
    TERNION_CHECK(writeCsv(weightTable(statistics), context.out, context.progress));
    return nlohmann::ordered_json{{"matrices", statistics->size()}};
}

}  // namespace ternion::cli
