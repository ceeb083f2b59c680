#include "run_json.h"

#include "store/utc_time.h"

namespace ternion::cli {

nlohmann::ordered_json toJson(const RunSummary& run) {
    using Json = nlohmann::ordered_json;
    constexpr std::int64_t milliseconds = 1000;
    const RunFacts& facts = run.facts;
    auto figures = Json::object(), missing = Json::object(), edits = Json::array();
    for (const Figure& figure : run.figures)
        figures[figure.name] = {{"value", figure.value}, {"unit", figure.unit}, {"source", nameOf(figure.source)}};
    for (const auto& [name, reason] : run.missing) missing[name] = reason;
    for (const Edit& edit : facts.intervention) edits.push_back(describe(edit));
    return {{"id", run.id},
            {"kind", facts.kind},
            {"state", nameOf(run.state)},
            {"started_at", utcTime(run.startedAt / milliseconds, "%Y-%m-%dT%H:%M:%SZ")},
            {"seconds", run.seconds},
            {"error", run.error},
            {"model", facts.model.name},
            {"model_hash", facts.model.hash},
            {"model_path", facts.model.path},
            {"params", facts.model.parameters},
            {"backend", facts.device.id()},
            {"device", facts.device.name},
            {"driver", facts.device.driver},
            {"packing", facts.packing},
            {"profile", facts.profile},
            {"program", facts.program},
            {"shader_hash", facts.shaderHash},
            {"temperature", facts.sampler.temperature},
            {"top_k", facts.sampler.topK},
            {"top_p", facts.sampler.topP},
            {"min_p", facts.sampler.minP},
            {"repetition_penalty", facts.sampler.repetitionPenalty},
            {"repetition_window", facts.sampler.repetitionWindow},
            {"seed", facts.sampler.seed},
            {"max_tokens", facts.maxTokens},
            {"settings", facts.settings},
            {"intervention", std::move(edits)},
            {"sweep", facts.sweep},
            {"tags", run.tags},
            {"note", run.note},
            {"baseline", run.baseline},
            {"origin", run.origin},
            {"figures", std::move(figures)},
            {"missing", std::move(missing)}};
}

}  // namespace ternion::cli
