// The gates of some layers over the conversation so far: what the gates panel computes on another thread.
#pragma once

#include <array>
#include <map>

#include "inspect/gate_statistics.h"
#include "inspect/trace_store.h"
#include "model/model.h"

namespace ternion::app {

/// Indices into what follows.
enum Gate : std::uint8_t { GateF, GateI, GateH, GateG, gateCount };
inline constexpr std::array<TraceTensor, gateCount> gateTensors{TraceTensor::ForgetGate, TraceTensor::Candidate,
                                                                TraceTensor::State, TraceTensor::OutputGate};
/// Of a layer that is not looked at, all but f may be empty.
using GateSeries = std::array<TraceSeries, gateCount>;

struct LayerGates {
    GateStatistics statistics;
    LayerRetention retention;
    GateSeries series;
    std::array<double, gateCount> squares{};  ///< sums over all values
    int endToken = 0;                         ///< tokens before it are in the statistics

    double rootMeanSquare(Gate gate) const;
};
using GateReading = std::map<int, LayerGates>;  ///< by layer

/// Adds what `before` does not have yet of each layer; begins anew where a series is shorter than what was counted.
GateReading readGates(GateReading before, const std::map<int, GateSeries>& series, const Model& model);

}  // namespace ternion::app
