#include "checkpoint/hugging_face_folder.h"

#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "base/json.h"
#include "base/mapped_file.h"
#include "checkpoint/config_json.h"
#include "checkpoint/model_builder.h"
#include "checkpoint/pytorch_zip.h"
#include "checkpoint/safetensors.h"

namespace ternion {
namespace {

constexpr std::size_t longestJson = std::size_t{32} << 20;

Status readWeights(const std::filesystem::path& file, TensorSource& source) {
    return file.extension() == ".bin" ? readPytorchZip(file, source) : readSafetensors(file, source);
}

/// An index says which tensor is in which file of the same folder.
Status readIndex(const std::filesystem::path& index, TensorSource& source) {
    const auto bad = [&](std::string what) { return Error{ErrorCode::BadInput, std::move(what), index.string()}; };
    TERNION_TRY(const auto text, readTextFile(index, longestJson));
    TERNION_TRY(const auto json, parseJson(text, index.string()));
    const auto map = json.find("weight_map");
    if (!json.is_object() || map == json.end() || !map->is_object())
        return bad("it holds no object 'weight_map' from tensors to files");
    std::set<std::string> shards;
    for (const auto& [name, file] : map->items()) {
        const std::string shard = file.is_string() ? file.get<std::string>() : "";
        if (shard.empty() || shard != std::filesystem::path(shard).filename() || shard.starts_with('.'))
            return bad("tensor " + name + " is in " + file.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
                       "; expected the name of a file in the same folder");
        shards.insert(shard);
    }
    for (const auto& shard : shards) TERNION_CHECK(readWeights(index.parent_path() / shard, source));
    for (const auto& [name, file] : map->items())
        if (source.find(name) == nullptr)
            return bad("tensor " + name + " should be in " + file.get<std::string>() + ", but is not");
    return {};
}

Result<std::filesystem::path> chooseWeights(const std::filesystem::path& folder) {
    constexpr std::array names{"model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
                               "pytorch_model.bin.index.json"};
    std::error_code ignored;
    for (const char* name : names)
        if (std::filesystem::exists(folder / name, ignored)) return folder / name;
    return Error{ErrorCode::NotFound,
                 "the folder holds no weights: expected model.safetensors, model.safetensors.index.json, pytorch_model.bin or "
                 "pytorch_model.bin.index.json",
                 folder.string()};
}

/// chat_template.jinja, or else the one in tokenizer_config.json.
Result<std::string> readChatTemplate(const std::filesystem::path& folder) {
    std::error_code ignored;
    if (const auto own = folder / "chat_template.jinja"; std::filesystem::exists(own, ignored))
        return readTextFile(own, longestJson);
    const auto path = folder / "tokenizer_config.json";
    if (!std::filesystem::exists(path, ignored)) return std::string();
    TERNION_TRY(const auto text, readTextFile(path, longestJson));
    TERNION_TRY(const auto json, parseJson(text, path.string()));
    if (!json.is_object()) return Error{ErrorCode::BadInput, "it is not a JSON object", path.string()};
    const auto value = json.find("chat_template");
    if (value == json.end() || value->is_null()) return std::string();
    if (value->is_string()) return value->get<std::string>();
    if (value->is_array())  // several, named; the one for plain chats is "default"
        for (const auto& entry : *value)
            if (entry.is_object() && entry.value("name", nlohmann::json()) == "default" && entry.contains("template") &&
                entry["template"].is_string())
                return entry["template"].get<std::string>();
    return Error{ErrorCode::BadInput, "chat_template is neither a text nor a list with a text named \"default\"",
                 path.string()};
}

}  // namespace

Result<TensorSource> readTensors(const std::filesystem::path& folder, const std::filesystem::path& weights) {
    std::filesystem::path file = weights;
    if (file.empty()) {
        TERNION_TRY(file, chooseWeights(folder));
    }
    TensorSource source;
    TERNION_CHECK(file.extension() == ".json" ? readIndex(file, source) : readWeights(file, source));
    return source;
}

Result<Checkpoint> openHuggingFaceFolder(const std::filesystem::path& folder, const std::filesystem::path& weights,
                                         const Progress& progress) {
    TERNION_TRY(const auto config, readConfigJson(folder / "config.json"));
    Checkpoint checkpoint;
    TERNION_TRY(checkpoint.generation, readGenerationConfig(folder / "generation_config.json"));
    TERNION_TRY(checkpoint.chatTemplateJinja, readChatTemplate(folder));
    if (auto tokenizer = readTokenizerSource(folder))
        checkpoint.tokenizer = std::move(*tokenizer);
    else if (tokenizer.error().code != ErrorCode::NotFound)
        return tokenizer.error();

    TERNION_TRY(const auto source, readTensors(folder, weights));
    TERNION_TRY(auto model, buildModel(config, SourceKind::Latent, source, progress));
    model.name = std::filesystem::absolute(folder).lexically_normal().filename().string();
    if (model.name.empty()) model.name = std::filesystem::absolute(folder).lexically_normal().parent_path().filename().string();
    checkpoint.model = std::make_shared<const Model>(std::move(model));
    return checkpoint;
}

}  // namespace ternion
