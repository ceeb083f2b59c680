#include <array>

#include "base/table.h"
#include "checkpoint/safetensors_writer.h"
#include "inspect.h"
#include "inspect/gate_statistics.h"

namespace ternion::cli {
namespace {

struct Named {
    const char* name;
    TraceTensor tensor;
};
constexpr std::array<Named, 4> gates{
    {{"f", TraceTensor::ForgetGate}, {"i", TraceTensor::Candidate}, {"h", TraceTensor::State}, {"g", TraceTensor::OutputGate}}};

Status writeTable(const InspectContext& context, const std::vector<int>& layers, const Trace& trace) {
    const std::size_t tokens = context.ids.size(), width = static_cast<std::size_t>(context.model.config.stateSize());
    Table table{{"layer", "token", "channel"}, layers.size() * tokens * width, {}};
    for (const Named& gate : gates) table.columns.emplace_back(gate.name);
    table.fill = [&](std::size_t row, std::vector<TableCell>& cells) {
        const std::size_t layer = row / (tokens * width), at = row % (tokens * width);
        cells[0] = std::int64_t{layers[layer]};
        cells[1] = static_cast<std::int64_t>(at / width);
        cells[2] = static_cast<std::int64_t>(at % width);
        for (std::size_t k = 0; k < gates.size(); ++k)
            cells[3 + k] = double{trace.tensors[layer * gates.size() + k].values[at]};
    };
    return writeCsv(table, context.out, context.progress);
}

Status writeTensors(const InspectContext& context, const Trace& trace, const std::vector<LayerRetention>& retentions) {
    const auto layers = static_cast<std::int64_t>(retentions.size()), tokens = static_cast<std::int64_t>(context.ids.size());
    const std::int64_t width = context.model.config.stateSize();
    std::vector<SafetensorsWriter::Tensor> tensors;
    tensors.reserve(std::size(gates) + 1);
    for (const Named& gate : gates) tensors.push_back({gate.name, {layers, tokens, width}});
    tensors.push_back({"half_life_tokens", {layers, width}});
    TERNION_TRY(auto file, SafetensorsWriter::create(context.out, tensors));
    for (std::size_t k = 0; k < trace.tensors.size(); ++k)
        TERNION_CHECK(file.write(k % gates.size(), static_cast<std::int64_t>(k / gates.size()) * tokens * width,
                                 trace.tensors[k].values));
    for (std::size_t layer = 0; layer < retentions.size(); ++layer) {
        std::vector<float> halfLives;
        for (const auto& channel : retentions[layer].channels) halfLives.push_back(static_cast<float>(channel.halfLife));
        TERNION_CHECK(file.write(gates.size(), static_cast<std::int64_t>(layer) * width, halfLives));
    }
    return file.finish();
}

}  // namespace

Result<nlohmann::ordered_json> inspectGates(const InspectContext& context) {
    const auto layers = layersOf(context);
    std::vector<TraceRequest::Item> items;
    for (const int layer : layers)
        for (const Named& gate : gates) items.push_back({gate.tensor, layer});
    TERNION_TRY(const auto trace, tracePrompt(context, items));

    std::vector<LayerRetention> retentions;
    nlohmann::ordered_json json{{"tokens", context.ids.size()}, {"layers", nlohmann::ordered_json::array()}};
    for (const int layer : layers) {
        GateStatistics statistics(context.model.config.stateSize(),
                                  context.model.layers[static_cast<std::size_t>(layer)].lowerBound);
        for (std::size_t t = 0; t < context.ids.size(); ++t)
            statistics.add(tracedRow(trace, {TraceTensor::ForgetGate, layer}, t),
                           tracedRow(trace, {TraceTensor::State, layer}, t));
        const auto& of = retentions.emplace_back(statistics.retention());
        json["layers"].push_back({{"layer", layer},
                                  {"half_life_lower_quartile", of.lower},
                                  {"half_life_median", of.median},
                                  {"half_life_upper_quartile", of.upper},
                                  {"forgets_share", of.forgets},
                                  {"keeps_share", of.keeps}});
    }
    TERNION_CHECK(context.out.extension() == ".csv" ? writeTable(context, layers, trace)
                                                    : writeTensors(context, trace, retentions));
    return json;
}

}  // namespace ternion::cli
