#include "backend/modelled_figures.h"

#include "backend/fpga_model.h"
#include "estimate/power_estimate.h"
#include "estimate/projection.h"

namespace ternion::fpga {

std::vector<Figure> modelledFigures(const DeviceModel& device, const CycleCounts& token) {
    const auto* const board = dynamic_cast<const FpgaModel*>(&device);
    if (board == nullptr || !token.simulated) return {};
    const BoardSpec& like = projectedBoards().front();
    const auto areas = AreaTable::builtIn();
    if (!areas) return {};
    const auto area = areas->areaOf(like.target, board->configuration());
    if (!area) return {};
    const auto power = estimatePower({*area, coefficientsOf(like.process, like.memory), like.restWatts.value, token});
    if (!power) return {};
    return {{"energy_per_token", power->joulesPerToken.typical, "J", PowerEstimate::source},
            {"mean_power", power->total().typical, "W", PowerEstimate::source}};
}

}  // namespace ternion::fpga
