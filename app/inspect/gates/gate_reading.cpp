#include "inspect/gates/gate_reading.h"

#include <algorithm>
#include <cmath>

namespace ternion::app {
namespace {

void readLayer(LayerGates& layer, const GateSeries& series) {
    int begin = layer.endToken, end = series[GateF].endToken();
    for (const TraceSeries& each : series) {
        if (each.empty()) continue;
        begin = std::max(begin, each.firstToken());
        end = std::min(end, each.endToken());
    }
    for (int token = begin; token < end; ++token) {
        layer.statistics.add(series[GateF].row(token),
                             series[GateH].empty() ? std::span<const float>() : series[GateH].row(token));
        for (std::size_t k = 0; k < series.size(); ++k)
            if (!series[k].empty())
                for (const float value : series[k].row(token)) layer.squares[k] += double{value} * value;
    }
    layer.series = series;
    layer.endToken = std::max(layer.endToken, end);
    if (begin < end) layer.retention = layer.statistics.retention();
}

}  // namespace

double LayerGates::rootMeanSquare(Gate gate) const {
    const double values = double(retention.tokens) * double(retention.channels.size());
    return values > 0.0 ? std::sqrt(squares[gate] / values) : 0.0;
}

GateReading readGates(GateReading before, const std::map<int, GateSeries>& series, const Model& model) {
    GateReading reading;
    for (const auto& [index, of] : series) {
        const auto known = before.find(index);
        // Its states may not have been there before.
        if (known != before.end() && of[GateF].endToken() >= known->second.endToken &&
            of[GateH].empty() == known->second.series[GateH].empty()) {
            reading.insert(before.extract(known));
        } else {
            const auto& bounds = model.layers[static_cast<std::size_t>(index)].lowerBound;
            reading.insert({index, {GateStatistics(model.config.stateSize(), bounds), {}, {}, {}, 0}});
        }
        readLayer(reading.at(index), of);
    }
    return reading;
}

}  // namespace ternion::app
