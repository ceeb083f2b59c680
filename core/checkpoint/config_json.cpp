#include "checkpoint/config_json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/mapped_file.h"

namespace ternion {
namespace {

constexpr std::size_t longestConfig = std::size_t{4} << 20;

/// The fields of one JSON object, read one by one; the first that is wrong is kept as the error.
class Fields {
public:
    Fields(nlohmann::json json, std::string context) : json_(std::move(json)), context_(std::move(context)) {}

    /// The value, or nullptr where the field is absent or null.
    const nlohmann::json* find(const char* name) const {
        const auto at = json_.find(name);
        return at == json_.end() || at->is_null() ? nullptr : &*at;
    }

    bool isNull(const char* name) const { return json_.contains(name) && find(name) == nullptr; }

    void read(const char* name, int& out) {
        const auto* value = find(name);
        if (value == nullptr) return;
        // Python writes a ratio of 2 as 2 or as 2.0.
        const bool whole = value->is_number() && value->get<double>() == std::floor(value->get<double>());
        if (!whole || !fits(*value)) return fail(name, "a whole number");
        out = static_cast<int>(value->get<double>());
    }
    void read(const char* name, bool& out) {
        const auto* value = find(name);
        if (value == nullptr) return;
        if (!value->is_boolean()) return fail(name, "true or false");
        out = value->get<bool>();
    }
    void read(const char* name, float& out) {
        const auto* value = find(name);
        if (value == nullptr) return;
        if (!value->is_number()) return fail(name, "a number");
        out = value->get<float>();
    }
    template <class T>
    void read(const char* name, std::optional<T>& out) {
        if (find(name) == nullptr) return;
        T value{};
        read(name, value);
        out = value;
    }
    void require(const char* name, int& out) {
        if (find(name) == nullptr) return fail(name, "a whole number");
        read(name, out);
    }
    /// Refuses, as a setting we do not implement, any value but those named.
    void allow(const char* name, std::initializer_list<nlohmann::json> values) {
        const auto* value = find(name);
        if (value == nullptr || std::find(values.begin(), values.end(), *value) != values.end()) return;
        std::string expected;
        for (const auto& known : values) expected += (expected.empty() ? "" : " or ") + known.dump();
        setError({ErrorCode::Unsupported,
                  std::string(name) + " is " + shown(*value) + ", which Ternion does not implement; it knows " +
                      (expected.empty() ? "none" : expected),
                  context_});
    }
    Status status() const { return error_ ? Status(*error_) : Status(); }

private:
    static bool fits(const nlohmann::json& value) {
        const auto number = value.get<double>();
        return number >= std::numeric_limits<int>::min() && number <= std::numeric_limits<int>::max();
    }
    static std::string shown(const nlohmann::json& value) {
        std::string text = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
        if (text.size() > 60) text = text.substr(0, 60) + "...";
        return text;
    }
    void fail(const char* name, const std::string& expected) {
        const auto* value = find(name);
        setError({ErrorCode::BadInput,
                  std::string(name) + " is " + (value == nullptr ? "missing" : shown(*value)) + "; expected " + expected,
                  context_});
    }
    void setError(Error error) {
        if (!error_) error_ = std::move(error);
    }

    nlohmann::json json_;
    std::string context_;
    std::optional<Error> error_;
};

/// The decimal that a person wrote: 1e-06, not 9.999999974752427e-07.
double decimal(float value) {
    std::array<char, 32> text{};
    const char* end = std::to_chars(text.begin(), text.end(), value).ptr;
    double shortest = 0.0;
    std::from_chars(text.begin(), end, shortest);
    return shortest;
}

Result<nlohmann::json> readObject(const std::filesystem::path& path) {
    TERNION_TRY(const auto text, readTextFile(path, longestConfig));
    TERNION_TRY(auto json, parseJson(text, path.string()));
    if (!json.is_object()) return Error{ErrorCode::BadInput, "it is not a JSON object", path.string()};
    return json;
}

}  // namespace

Result<ModelConfig> parseConfig(nlohmann::json json, const std::string& context) {
    Fields fields(std::move(json), context);
    ModelConfig config;
    if (fields.find("model_type") == nullptr && fields.find("architectures") == nullptr)
        return Error{ErrorCode::BadInput, "it names neither model_type nor architectures; expected \"hgrn_bit\"", context};
    fields.allow("model_type", {"hgrn_bit"});
    fields.allow("architectures", {nlohmann::json::array({config.architecture})});
    fields.allow("attn_mode", {"fused_recurrent"});
    fields.allow("use_short_conv", {false});
    fields.allow("hidden_act", {"swish", "silu"});
    fields.allow("quantization_config", {});

    fields.require("vocab_size", config.vocabSize);
    fields.require("hidden_size", config.hiddenSize);
    fields.require("num_hidden_layers", config.numLayers);
    fields.read("num_heads", config.numHeads);
    fields.read("expand_ratio", config.expandRatio);
    fields.read("hidden_ratio", config.hiddenRatio);
    fields.read("use_lower_bound", config.useLowerBound);
    fields.read("tie_word_embeddings", config.tieWordEmbeddings);
    fields.read("rms_norm_eps", config.rmsNormEps);
    fields.read("max_position_embeddings", config.maxPositionEmbeddings);
    fields.read("intermediate_size", config.intermediateSize);
    for (const auto& [name, id] :
         {std::pair{"bos_token_id", &config.bosId}, {"eos_token_id", &config.eosId}, {"pad_token_id", &config.padId}}) {
        if (fields.isNull(name)) *id = -1;
        fields.read(name, *id);
    }
    TERNION_CHECK(fields.status());
    if (fields.find("intermediate_size") == nullptr) {
        config.intermediateSize = 1;  // so that the other fields are checked before one is computed from them
        if (config.validate())
            config.intermediateSize = ModelConfig::defaultIntermediateSize(config.hiddenSize, config.hiddenRatio);
    }
    if (auto status = config.validate(); !status) {
        Error error = status.error();
        error.context = context;
        return error;
    }
    return config;
}

Result<GenerationDefaults> parseGeneration(nlohmann::json json, const std::string& context) {
    Fields fields(std::move(json), context);
    GenerationDefaults defaults;
    fields.read("temperature", defaults.temperature);
    fields.read("top_p", defaults.topP);
    fields.read("min_p", defaults.minP);
    fields.read("top_k", defaults.topK);
    fields.read("repetition_penalty", defaults.repetitionPenalty);
    bool sample = true;
    fields.read("do_sample", sample);
    if (!sample) defaults.temperature = 0.0F;
    TERNION_CHECK(fields.status());
    return defaults;
}

nlohmann::ordered_json toFields(const ModelConfig& config) {
    return {{"vocab_size", config.vocabSize},
            {"hidden_size", config.hiddenSize},
            {"num_hidden_layers", config.numLayers},
            {"num_heads", config.numHeads},
            {"expand_ratio", config.expandRatio},
            {"hidden_ratio", config.hiddenRatio},
            {"intermediate_size", config.intermediateSize},
            {"use_lower_bound", config.useLowerBound},
            {"tie_word_embeddings", config.tieWordEmbeddings},
            {"rms_norm_eps", decimal(config.rmsNormEps)},
            {"max_position_embeddings", config.maxPositionEmbeddings},
            {"bos_token_id", config.bosId},
            {"eos_token_id", config.eosId},
            {"pad_token_id", config.padId}};
}

nlohmann::ordered_json toFields(const GenerationDefaults& defaults) {
    auto json = nlohmann::ordered_json::object();
    const auto add = [&](const char* name, std::optional<float> value) {
        if (value) json[name] = decimal(*value);
    };
    add("temperature", defaults.temperature);
    add("top_p", defaults.topP);
    add("min_p", defaults.minP);
    if (defaults.topK) json["top_k"] = *defaults.topK;
    add("repetition_penalty", defaults.repetitionPenalty);
    return json;
}

Result<ModelConfig> readConfigJson(const std::filesystem::path& path) {
    TERNION_TRY(auto json, readObject(path));
    return parseConfig(std::move(json), path.string());
}

Result<GenerationDefaults> readGenerationConfig(const std::filesystem::path& path) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) return GenerationDefaults{};
    TERNION_TRY(auto json, readObject(path));
    return parseGeneration(std::move(json), path.string());
}

}  // namespace ternion
