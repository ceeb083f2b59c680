// A probe made of its facts and a function that reads it: what the files beside this one build theirs from.
#pragma once

#include <functional>
#include <vector>

#include "measure/probes.h"

namespace ternion {

struct Sensor {
    ProbeFacts facts;
    std::function<Result<double>()> read = {};  ///< empty where something is missing
};

/// Reads it once: where that fails, its facts say so.
Sensor triedSensor(ProbeFacts facts, std::function<Result<double>()> read);

/// Finds the periods of sensors that can be read and whose period is not known (0): watches them together for 0.3 s at most,
/// and takes the shortest time between two changes. Where a value changed less than twice it assumes 0.1 s, how often drivers
/// of GPUs renew theirs, and says so in `detail`.
void watchPeriods(std::vector<Sensor>& sensors);

Probes probesOf(std::vector<Sensor> sensors);

}  // namespace ternion
