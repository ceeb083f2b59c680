#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <limits>
#include <set>

#include "base/json.h"
#include "base/json_fields.h"
#include "runs/bundle_parts.h"
#include "store/utc_time.h"

namespace ternion::bundle {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t mostEntries = 10000;  // of every list in a manifest: figures, tags, edits, series
constexpr std::size_t mostIds = std::size_t{1} << 24U;
constexpr std::array editKinds{"pin", "scale", "clamp"};
constexpr std::string_view preset = "preset:";
constexpr int notNegative = 0;

std::string dumped(const Json& json) { return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n"; }

Json toJson(const SamplerSettings& sampler) {
    return {{"temperature", sampler.temperature},
            {"top_k", sampler.topK},
            {"top_p", sampler.topP},
            {"min_p", sampler.minP},
            {"repetition_penalty", sampler.repetitionPenalty},
            {"repetition_window", sampler.repetitionWindow},
            {"seed", std::to_string(sampler.seed)}};  // as text: other programs read numbers as doubles
}

Json toJson(const Edit& edit) {
    return {{"tensor", nameOf(edit.tensor)},
            {"layer", edit.layer},
            {"first_channel", edit.firstChannel},
            {"channels", edit.channels},
            {"kind", editKinds[static_cast<std::size_t>(edit.kind)]},
            {"a", edit.a},
            {"b", edit.b}};
}

Json toJson(const RunFacts& facts) {
    auto edits = Json::array();
    for (const Edit& edit : facts.intervention) edits.push_back(toJson(edit));
    return {{"kind", facts.kind},
            {"model",
             {{"hash", facts.model.hash},
              {"name", facts.model.name},
              {"path", facts.model.path.starts_with(preset) ? facts.model.path : ""},
              {"parameters", facts.model.parameters},
              {"unoptimised_bytes", facts.model.unoptimisedBytes}}},
            {"device",
             {{"backend", facts.device.backend},
              {"index", facts.device.index},
              {"name", facts.device.name},
              {"driver", facts.device.driver},
              {"memory_bytes", facts.device.memoryBytes},
              {"pci_address", facts.device.pciAddress},
              {"software", facts.device.software}}},
            {"packing", facts.packing},
            {"profile", facts.profile},
            {"program", facts.program},
            {"shader_hash", facts.shaderHash},
            {"sampler", toJson(facts.sampler)},
            {"max_tokens", facts.maxTokens},
            {"settings", facts.settings},
            {"sweep", facts.sweep},
            {"intervention", std::move(edits)}};
}

Status read(const JsonFields& fields, SamplerSettings& sampler) {
    TERNION_CHECK(fields.read("temperature", sampler.temperature));
    TERNION_CHECK(fields.read("top_k", sampler.topK));
    TERNION_CHECK(fields.read("top_p", sampler.topP));
    TERNION_CHECK(fields.read("min_p", sampler.minP));
    TERNION_CHECK(fields.read("repetition_penalty", sampler.repetitionPenalty));
    TERNION_CHECK(fields.read("repetition_window", sampler.repetitionWindow));
    std::string seed;
    TERNION_CHECK(fields.read("seed", seed));
    const char* const end = seed.data() + seed.size();
    const auto [at, failure] = std::from_chars(seed.data(), end, sampler.seed);
    if (failure != std::errc() || at != end) return fields.bad("seed", "a whole number of 64 bits, as a text");
    if (const auto valid = sampler.validate(); !valid) return fields.bad("settings", valid.error().message);
    return {};
}

Status read(const JsonFields& fields, Edit& edit) {
    std::string tensor, kind;
    TERNION_CHECK(fields.read("tensor", tensor));
    TERNION_CHECK(fields.read("layer", edit.layer, notNegative));
    TERNION_CHECK(fields.read("first_channel", edit.firstChannel, notNegative));
    TERNION_CHECK(fields.read("channels", edit.channels, notNegative));
    TERNION_CHECK(fields.read("kind", kind));
    TERNION_CHECK(fields.read("a", edit.a));
    TERNION_CHECK(fields.read("b", edit.b));
    const auto known = tensorNamed(tensor);
    if (!known) return fields.bad("tensor", "the name of an intermediate, not '" + tensor + "'");
    edit.tensor = *known;
    const auto* const found = std::find(editKinds.begin(), editKinds.end(), kind);
    if (found == editKinds.end()) return fields.bad("kind", "pin, scale or clamp");
    edit.kind = static_cast<Edit::Kind>(found - editKinds.begin());
    return {};
}

Status read(const JsonFields& fields, ModelRecord& model) {
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());  // what a store holds
    TERNION_CHECK(fields.read("hash", model.hash));
    TERNION_CHECK(fields.read("name", model.name));
    TERNION_CHECK(fields.read("path", model.path));
    TERNION_CHECK(fields.read("parameters", model.parameters, std::int64_t{0}));
    TERNION_CHECK(fields.read("unoptimised_bytes", model.unoptimisedBytes, std::uint64_t{0}, most));
    if (!model.path.empty() && !model.path.starts_with(preset)) return fields.bad("path", "a preset, or none");
    return {};
}

Status read(const JsonFields& fields, DeviceInfo& device) {
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    TERNION_CHECK(fields.read("backend", device.backend));
    TERNION_CHECK(fields.read("index", device.index, notNegative));
    TERNION_CHECK(fields.read("name", device.name));
    TERNION_CHECK(fields.read("driver", device.driver));
    TERNION_CHECK(fields.read("memory_bytes", device.memoryBytes, std::uint64_t{0}, most));
    TERNION_CHECK(fields.read("pci_address", device.pciAddress));
    return fields.read("software", device.software);
}

Status read(const JsonFields& fields, RunFacts& facts) {
    TERNION_CHECK(fields.read("kind", facts.kind));
    TERNION_TRY(const auto model, fields.object("model"));
    TERNION_CHECK(read(model, facts.model));
    TERNION_TRY(const auto device, fields.object("device"));
    TERNION_CHECK(read(device, facts.device));
    TERNION_CHECK(fields.read("packing", facts.packing));
    TERNION_CHECK(fields.read("profile", facts.profile));
    TERNION_CHECK(fields.read("program", facts.program));
    TERNION_CHECK(fields.read("shader_hash", facts.shaderHash));
    TERNION_TRY(const auto sampler, fields.object("sampler"));
    TERNION_CHECK(read(sampler, facts.sampler));
    TERNION_CHECK(fields.read("max_tokens", facts.maxTokens, notNegative));
    TERNION_CHECK(fields.read("settings", facts.settings));
    TERNION_CHECK(fields.read("sweep", facts.sweep));
    return fields.forEach("intervention", mostEntries, [&](const nlohmann::json& item, const std::string& where) -> Status {
        TERNION_TRY(const auto edit, JsonFields::of(item, where));
        return read(edit, facts.intervention.emplace_back());
    });
}

Status readSource(const JsonFields& fields, Source& source) {
    std::string name;
    TERNION_CHECK(fields.read("source", name));
    const auto known = sourceNamed(name);
    if (!known) return fields.bad("source", "measured, vendor-estimate or modelled");
    source = *known;
    return {};
}

Status readState(const JsonFields& fields, RunState& state) {
    std::string name;
    TERNION_CHECK(fields.read("state", name));
    for (const RunState ended : {RunState::Finished, RunState::Stopped, RunState::Failed, RunState::Interrupted})
        if (name == nameOf(ended)) {
            state = ended;
            return {};
        }
    return fields.bad("state", "finished, stopped, failed or interrupted");
}

Status readFigures(const JsonFields& fields, RunSummary& run) {
    std::set<std::string> names;
    TERNION_CHECK(fields.forEach("figures", mostEntries, [&](const nlohmann::json& item, const std::string& where) -> Status {
        TERNION_TRY(const auto one, JsonFields::of(item, where));
        Figure& figure = run.figures.emplace_back();
        TERNION_CHECK(one.read("name", figure.name));
        TERNION_CHECK(one.read("value", figure.value));
        TERNION_CHECK(one.read("unit", figure.unit));
        if (!names.insert(figure.name).second) return one.bad("name", "another one than the figures before");
        return readSource(one, figure.source);
    }));
    return fields.forEach("missing", mostEntries, [&](const nlohmann::json& item, const std::string& where) -> Status {
        TERNION_TRY(const auto one, JsonFields::of(item, where));
        MissingFigure& missing = run.missing.emplace_back();
        TERNION_CHECK(one.read("name", missing.name));
        if (!names.insert(missing.name).second) return one.bad("name", "another one than the figures before");
        return one.read("reason", missing.reason);
    });
}

Status readNotes(const JsonFields& fields, Manifest& manifest) {
    TERNION_CHECK(fields.forEach("tags", mostEntries, [&](const nlohmann::json& item, const std::string&) -> Status {
        if (!item.is_string()) return fields.bad("tags", "texts");
        manifest.run.tags.push_back(item.get<std::string>());
        return {};
    }));
    auto& tags = manifest.run.tags;
    std::sort(tags.begin(), tags.end());
    tags.erase(std::unique(tags.begin(), tags.end()), tags.end());
    TERNION_CHECK(fields.read("note", manifest.run.note));
    return fields.forEach("annotations", mostEntries, [&](const nlohmann::json& item, const std::string& where) -> Status {
        TERNION_TRY(const auto one, JsonFields::of(item, where));
        Annotation& annotation = manifest.annotations.emplace_back();
        if (one.has("seconds")) TERNION_CHECK(one.read("seconds", annotation.seconds.emplace()));
        return one.read("text", annotation.text);
    });
}

}  // namespace

std::string manifestText(const RunSummary& run, const std::vector<Annotation>& annotations, const Hashes& hashes,
                         const std::string& program) {
    auto figures = Json::array(), missing = Json::array(), notes = Json::array();
    for (const Figure& figure : run.figures)
        figures.push_back(
            {{"name", figure.name}, {"value", figure.value}, {"unit", figure.unit}, {"source", nameOf(figure.source)}});
    for (const auto& [name, reason] : run.missing) missing.push_back({{"name", name}, {"reason", reason}});
    for (const Annotation& annotation : annotations) {
        auto& note = notes.emplace_back(Json::object());
        if (annotation.seconds) note["seconds"] = *annotation.seconds;
        note["text"] = annotation.text;
    }
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count();
    return dumped({{"format", format},
                   {"created", utcTime(seconds, "%Y-%m-%dT%H:%M:%SZ")},
                   {"created_by", program},
                   {"run", toJson(run.facts)},
                   {"state", nameOf(run.state)},
                   {"started_at_ms", run.startedAt},
                   {"seconds", run.seconds},
                   {"error", run.error},
                   {"figures", std::move(figures)},
                   {"missing", std::move(missing)},
                   {"tags", run.tags},
                   {"note", run.note},
                   {"annotations", std::move(notes)},
                   {"sha256", hashes}});
}

std::string textText(const RunTexts& texts) {
    auto json = Json::object();
    if (texts.prompt) json["prompt"] = *texts.prompt;
    if (texts.promptIds) json["prompt_ids"] = *texts.promptIds;
    if (texts.answer) json["answer"] = *texts.answer;
    return dumped(json);
}

std::string seriesText(const std::vector<SeriesFacts>& series) {
    auto list = Json::array();
    for (std::size_t k = 0; k < series.size(); ++k)
        list.push_back({{"name", series[k].name},
                        {"unit", series[k].unit},
                        {"source", nameOf(series[k].source)},
                        {"period", series[k].period},
                        {"detail", series[k].detail},
                        {"missing", series[k].missing},
                        {"samples", samplesEntry(k)}});
    return dumped({{"series", std::move(list)}});
}

Result<Manifest> readManifest(std::string_view text, const std::string& context) {
    TERNION_TRY(const auto json, parseJson(text, context));
    TERNION_TRY(const auto fields, JsonFields::of(json, context));
    int version = 0;
    TERNION_CHECK(fields.read("format", version, 1));
    if (version > format)
        return Error{ErrorCode::Unsupported,
                     "its format is " + std::to_string(version) + ", of a newer version of this program; this one reads " +
                         std::to_string(format),
                     context};
    Manifest manifest;
    RunSummary& run = manifest.run;
    TERNION_TRY(const auto facts, fields.object("run"));
    TERNION_CHECK(read(facts, run.facts));
    TERNION_CHECK(readState(fields, run.state));
    TERNION_CHECK(fields.read("started_at_ms", run.startedAt, std::int64_t{0}));
    TERNION_CHECK(fields.read("seconds", run.seconds));
    if (run.seconds < 0.0) return fields.bad("seconds", "0 or more");
    TERNION_CHECK(fields.read("error", run.error));
    TERNION_CHECK(readFigures(fields, run));
    TERNION_CHECK(readNotes(fields, manifest));
    TERNION_TRY(const auto hashes, fields.object("sha256"));
    for (const auto& [name, hash] : json["sha256"].items()) TERNION_CHECK(hashes.read(name.c_str(), manifest.hashes[name]));
    return manifest;
}

Result<RunTexts> readText(std::string_view text, const std::string& context) {
    TERNION_TRY(const auto json, parseJson(text, context));
    TERNION_TRY(const auto fields, JsonFields::of(json, context));
    RunTexts texts;
    if (fields.has("prompt")) TERNION_CHECK(fields.read("prompt", texts.prompt.emplace()));
    if (fields.has("answer")) TERNION_CHECK(fields.read("answer", texts.answer.emplace()));
    if (fields.has("prompt_ids")) {
        auto& ids = texts.promptIds.emplace();
        TERNION_CHECK(fields.forEach("prompt_ids", mostIds, [&](const nlohmann::json& item, const std::string&) -> Status {
            if (!item.is_number_unsigned() || item.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<TokenId>::max()})
                return fields.bad("prompt_ids", "token ids, which are whole numbers");
            ids.push_back(item.get<TokenId>());
            return {};
        }));
    }
    return texts;
}

Result<std::vector<SeriesFacts>> readSeries(std::string_view text, const std::string& context) {
    TERNION_TRY(const auto json, parseJson(text, context));
    TERNION_TRY(const auto fields, JsonFields::of(json, context));
    std::vector<SeriesFacts> all;
    std::set<std::string> names;
    TERNION_CHECK(fields.forEach("series", mostEntries, [&](const nlohmann::json& item, const std::string& where) -> Status {
        TERNION_TRY(const auto one, JsonFields::of(item, where));
        SeriesFacts series;
        series.id = static_cast<std::int64_t>(all.size());
        TERNION_CHECK(one.read("name", series.name));
        TERNION_CHECK(one.read("unit", series.unit));
        TERNION_CHECK(readSource(one, series.source));
        TERNION_CHECK(one.read("period", series.period));
        TERNION_CHECK(one.read("detail", series.detail));
        TERNION_CHECK(one.read("missing", series.missing));
        std::string samples;
        TERNION_CHECK(one.read("samples", samples));
        if (series.period < 0.0) return one.bad("period", "0 or more");
        if (samples != samplesEntry(all.size())) return one.bad("samples", samplesEntry(all.size()));
        if (!names.insert(series.name).second) return one.bad("name", "another one than the series before");
        all.push_back(std::move(series));
        return {};
    }));
    return all;
}

}  // namespace ternion::bundle
