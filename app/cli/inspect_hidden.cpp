#include <algorithm>

#include "base/table.h"
#include "checkpoint/safetensors_writer.h"
#include "inspect.h"
#include "inspect/hidden_statistics.h"

namespace ternion::cli {
namespace {

Status writeTable(const InspectContext& context, const std::vector<int>& depths, const Trace& trace) {
    const std::size_t tokens = context.ids.size();
    const Table table{{"depth", "token", "norm", "cosine_to_previous"},
                      depths.size() * tokens,
                      [&](std::size_t row, std::vector<TableCell>& cells) {
                          const int depth = depths[row / tokens];
                          const auto state = tracedRow(trace, stateAt(depth), row % tokens);
                          cells[0] = std::int64_t{depth};
                          cells[1] = static_cast<std::int64_t>(row % tokens);
                          cells[2] = norm(state);
                          if (depth > 0) cells[3] = cosine(state, tracedRow(trace, stateAt(depth - 1), row % tokens));
                      }};
    return writeCsv(table, context.out, context.progress);
}

Status writeTensors(const InspectContext& context, const std::vector<int>& depths, const Trace& trace) {
    const auto n = static_cast<std::int64_t>(depths.size()), tokens = static_cast<std::int64_t>(context.ids.size());
    const std::int64_t hidden = context.model.config.hiddenSize;
    TERNION_TRY(auto file, SafetensorsWriter::create(
                               context.out, {{"states", {n, tokens, hidden}}, {"norms", {n, tokens}}, {"cosine", {n, n}}}));
    std::vector<States> states;
    std::vector<float> norms;
    for (const int depth : depths) {
        States& of = states.emplace_back();
        for (std::size_t t = 0; t < context.ids.size(); ++t) {
            of.push_back(tracedRow(trace, stateAt(depth), t));
            TERNION_CHECK(file.write(0, static_cast<std::int64_t>(norms.size()) * hidden, of.back()));
            norms.push_back(static_cast<float>(norm(of.back())));
        }
    }
    TERNION_TRY(const auto cosines, cosinesBetween(states, context.progress.stop));
    TERNION_CHECK(file.write(1, 0, norms));
    TERNION_CHECK(file.write(2, 0, cosines));
    return file.finish();
}

}  // namespace

std::vector<int> depthsOf(const InspectContext& context) {
    std::vector<int> depths = layersOf(context);
    for (int& depth : depths) ++depth;
    if (!context.layer) depths.insert(depths.begin(), 0);
    return depths;
}

Result<nlohmann::ordered_json> inspectHidden(const InspectContext& context) {
    const auto depths = depthsOf(context);
    std::vector<TraceRequest::Item> items;
    for (int depth = std::max(depths.front() - 1, 0); depth <= depths.back(); ++depth) items.push_back(stateAt(depth));
    TERNION_TRY(const auto trace, tracePrompt(context, items));
    TERNION_CHECK(context.out.extension() == ".csv" ? writeTable(context, depths, trace)
                                                    : writeTensors(context, depths, trace));
    return nlohmann::ordered_json{{"tokens", context.ids.size()}, {"depths", depths}};
}

}  // namespace ternion::cli
