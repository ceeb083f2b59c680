#include <algorithm>

#include "base/table.h"
#include "checkpoint/safetensors_writer.h"
#include "inspect.h"
#include "inspect/quantisation.h"

namespace ternion::cli {
namespace {

Status writeTable(const InspectContext& context, const std::vector<InputCodes>& all) {
    const std::size_t tokens = context.ids.size();
    const Table table{
        {"layer", "projection", "token", "step", "scale", "clipped_share", "zero_share", "near_zero_share", "absmax"},
        all.size() * tokens,
        [&](std::size_t row, std::vector<TableCell>& cells) {
            const InputCodes& codes = all[row / tokens];
            const TokenCodes& token = codes.token(static_cast<int>(row % tokens));
            cells = {codes.projection() == Projection::Head ? TableCell() : TableCell(std::int64_t{codes.layer()}),
                     std::string(nameOf(codes.projection())),
                     static_cast<std::int64_t>(row % tokens),
                     double{token.step},
                     1.0 / double{token.step},
                     codes.share(token.ends),
                     codes.share(token.zeros),
                     codes.share(token.nearZeros),
                     double{token.absmax}};
        }};
    return writeCsv(table, context.out, context.progress);
}

Status writeTensors(const InspectContext& context, const std::vector<InputCodes>& all) {
    const auto tokens = static_cast<std::int64_t>(context.ids.size());
    std::vector<SafetensorsWriter::Tensor> tensors;
    for (const InputCodes& codes : all) {
        const std::string name =
            (codes.projection() == Projection::Head ? "" : "layers." + std::to_string(codes.layer()) + ".") +
            std::string(nameOf(codes.projection()));
        tensors.push_back({name + ".codes", {tokens, codes.width()}});
        tensors.push_back({name + ".steps", {tokens}});
    }
    TERNION_TRY(auto file, SafetensorsWriter::create(context.out, tensors));
    for (std::size_t k = 0; k < all.size(); ++k)
        for (int t = 0; t < all[k].tokens(); ++t) {
            const auto codes = all[k].codes(t);
            TERNION_CHECK(file.write(2 * k, std::int64_t{t} * all[k].width(), std::vector<float>(codes.begin(), codes.end())));
            TERNION_CHECK(file.write(2 * k + 1, t, std::vector<float>{all[k].token(t).step}));
        }
    return file.finish();
}

}  // namespace

Result<nlohmann::ordered_json> inspectQuantisation(const InspectContext& context) {
    std::vector<InputCodes> all;
    std::vector<TraceRequest::Item> items;
    for (const int layer : layersOf(context))
        for (const Projection projection : projectionsOf(layer, context.model.config)) {
            all.emplace_back(context.model, projection, layer);
            const auto inputs = inputsOf(projection, layer);
            items.insert(items.end(), inputs.begin(), inputs.end());
        }
    std::sort(items.begin(), items.end());
    items.erase(std::unique(items.begin(), items.end()), items.end());
    TERNION_TRY(const auto trace, tracePrompt(context, items));

    nlohmann::ordered_json json{{"tokens", context.ids.size()}, {"bit_linears", nlohmann::ordered_json::array()}};
    for (InputCodes& codes : all) {
        const auto inputs = inputsOf(codes.projection(), codes.layer());
        for (std::size_t t = 0; t < context.ids.size(); ++t)
            codes.add(tracedRow(trace, inputs[0], t), tracedRow(trace, inputs.back(), t));
        const CodeSummary summary = codes.summary();
        std::vector<int> outliers;
        for (const OutlierChannel& outlier : summary.outliers) outliers.push_back(outlier.channel);
        json["bit_linears"].push_back({{"layer", codes.layer()},
                                       {"projection", nameOf(codes.projection())},
                                       {"mean_scale", summary.meanScale},
                                       {"clipped_share", summary.ends},
                                       {"zero_share", summary.zeros},
                                       {"near_zero_share", summary.nearZeros},
                                       {"outlier_channels", outliers}});
    }
    TERNION_CHECK(context.out.extension() == ".csv" ? writeTable(context, all) : writeTensors(context, all));
    return json;
}

}  // namespace ternion::cli
