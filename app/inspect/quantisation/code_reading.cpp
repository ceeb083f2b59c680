#include "inspect/quantisation/code_reading.h"

#include <algorithm>

namespace ternion::app {

CodeReading readCodes(const CodeReading& before, const ProjectionInputs& inputs, const Model& model, int layer) {
    CodeReading reading;
    for (const auto& [projection, series] : inputs) {
        int first = 0, end = series.front().endToken();
        for (const TraceSeries& each : series) {
            first = std::max(first, each.firstToken());
            end = std::min(end, each.endToken());
        }
        if (first >= end) continue;
        const auto known = before.find(projection);
        const bool goesOn = known != before.end() && known->second.codes->layer() == layer &&
                            known->second.endToken() >= first && known->second.endToken() <= end;
        if (goesOn && known->second.endToken() == end) {
            reading[projection] = known->second;
            continue;
        }
        ProjectionCodes& of = reading[projection];
        auto codes = goesOn ? std::make_shared<InputCodes>(*known->second.codes)
                            : std::make_shared<InputCodes>(model, projection, layer);
        of.begin = goesOn ? known->second.begin : first;
        for (int token = goesOn ? known->second.endToken() : first; token < end; ++token)
            codes->add(series.front().row(token), series.back().row(token));
        of.codes = std::move(codes);
        of.summary = of.codes->summary();
    }
    return reading;
}

}  // namespace ternion::app
