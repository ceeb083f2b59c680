// What a simulated board would take if it were a real one: modelled, never measured.
#pragma once

#include <vector>

#include "backend/backend.h"
#include "store/run_records.h"

namespace ternion::fpga {

/// energy_per_token (J) and mean_power (W) of an accelerator like the simulated one on a KC705, the least of the projected
/// boards, by `token`'s counters and estimate/power_estimate.h. None for any other device: a real board has sensors or none.
std::vector<Figure> modelledFigures(const DeviceModel& device, const CycleCounts& token);

}  // namespace ternion::fpga
