#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/table.h"
#include "checkpoint/safetensors_writer.h"
#include "inspect.h"
#include "inspect/hidden_statistics.h"
#include "inspect/lens.h"

namespace ternion::cli {
namespace {

constexpr int top = 10;

/// Cells by depth, then by token.
Status writeTable(const InspectContext& context, const std::vector<int>& depths, const std::vector<LensCell>& cells) {
    const std::size_t tokens = context.ids.size(), ranks = cells.front().top.size();
    const Table table{
        {"depth", "token", "rank", "token_id", "piece", "probability", "actual_id", "actual_rank", "actual_probability"},
        cells.size() * ranks,
        [&](std::size_t row, std::vector<TableCell>& out) {
            const LensCell& cell = cells[row / ranks];
            const TokenProbability& token = cell.top[row % ranks];
            out[0] = std::int64_t{depths[row / ranks / tokens]};
            out[1] = static_cast<std::int64_t>(row / ranks % tokens);
            out[2] = static_cast<std::int64_t>(row % ranks + 1);
            out[3] = std::int64_t{token.id};
            if (context.tokenizer != nullptr) out[4] = context.tokenizer->piece(token.id);
            out[5] = double{token.probability};
            if (cell.actual < 0) return;
            out[6] = std::int64_t{cell.actual};
            out[7] = std::int64_t{cell.actualRank};
            out[8] = double{cell.actualProbability};
        }};
    return writeCsv(table, context.out, context.progress);
}

Status writeTensors(const InspectContext& context, const std::vector<int>& depths, const std::vector<LensCell>& cells) {
    const auto n = static_cast<std::int64_t>(depths.size()), tokens = static_cast<std::int64_t>(context.ids.size());
    const auto ranks = static_cast<std::int64_t>(cells.front().top.size());
    std::vector<float> ids, probabilities, actual;
    for (const LensCell& cell : cells) {
        for (const TokenProbability& token : cell.top) {
            ids.push_back(static_cast<float>(token.id));
            probabilities.push_back(token.probability);
        }
        const bool known = cell.actual >= 0;
        actual.push_back(known ? static_cast<float>(cell.actualRank) : std::nanf(""));
        actual.push_back(known ? cell.actualProbability : std::nanf(""));
    }
    TERNION_TRY(auto file, SafetensorsWriter::create(context.out, {{"top_ids", {n, tokens, ranks}},
                                                                   {"top_probabilities", {n, tokens, ranks}},
                                                                   {"actual_rank_and_probability", {n, tokens, 2}}}));
    TERNION_CHECK(file.write(0, 0, ids));
    TERNION_CHECK(file.write(1, 0, probabilities));
    TERNION_CHECK(file.write(2, 0, actual));
    return file.finish();
}

}  // namespace

Result<nlohmann::ordered_json> inspectLens(const InspectContext& context) {
    const auto depths = depthsOf(context);
    std::vector<TraceRequest::Item> items;
    items.reserve(depths.size());
    for (const int depth : depths) items.push_back(stateAt(depth));
    TERNION_TRY(const auto trace, tracePrompt(context, items));
    std::vector<LensCell> cells;
    for (std::size_t k = 0; k < depths.size(); ++k) {
        context.progress.tell("Reading the lens", static_cast<double>(k) / static_cast<double>(depths.size()));
        TERNION_TRY(auto of, lens(*context.device, trace.tensors[k].values, std::span(context.ids).subspan(1), top,
                                  context.progress.stop));
        std::move(of.begin(), of.end(), std::back_inserter(cells));
    }
    TERNION_CHECK(context.out.extension() == ".csv" ? writeTable(context, depths, cells)
                                                    : writeTensors(context, depths, cells));
    return nlohmann::ordered_json{{"tokens", context.ids.size()}, {"depths", depths}, {"top", cells.front().top.size()}};
}

}  // namespace ternion::cli
