#include "inspect/weight_statistics.h"

#include "inspect.h"

namespace ternion::cli {

Result<nlohmann::ordered_json> inspectWeights(const InspectContext& context) {
    TERNION_TRY(auto statistics, weightStatistics(context.model, context.progress));
    if (context.layer) std::erase_if(statistics, [&](const auto& matrix) { return matrix.layer != *context.layer; });
    TERNION_CHECK(writeCsv(weightTable(statistics), context.out, context.progress));
    return nlohmann::ordered_json{{"matrices", statistics.size()}};
}

}  // namespace ternion::cli
