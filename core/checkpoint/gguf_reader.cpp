#include "checkpoint/gguf_reader.h"

#include "checkpoint/config_json.h"
#include "checkpoint/gguf_container.h"
#include "checkpoint/gguf_keys.h"
#include "checkpoint/model_builder.h"

namespace ternion {
namespace {

/// The metadata below a prefix, as the JSON file that they stand for.
nlohmann::json below(const std::string& prefix, const nlohmann::json& metadata) {
    auto fields = nlohmann::json::object();
    for (const auto& [key, value] : metadata.items())
        if (key.starts_with(prefix)) fields[key.substr(prefix.size())] = value;
    return fields;
}

/// Empty where the key is absent.
Result<std::string> textOf(const nlohmann::json& metadata, const char* key, const std::string& file) {
    const auto at = metadata.find(key);
    if (at == metadata.end()) return std::string();
    if (!at->is_string()) return Error{ErrorCode::BadInput, std::string(key) + " is not a text", file};
    return at->get<std::string>();
}

Result<ModelConfig> configOf(const nlohmann::json& metadata, const std::string& file) {
    TERNION_TRY(const auto architecture, textOf(metadata, gguf::architectureKey, file));
    if (architecture != gguf::architecture)
        return Error{
            ErrorCode::Unsupported,
            std::string(gguf::architectureKey) + " is '" + architecture + "'; Ternion runs '" + gguf::architecture + "'", file};
    auto fields = below(gguf::configPrefix, metadata);
    fields["model_type"] = architecture;
    return parseConfig(std::move(fields), file);
}

}  // namespace

Result<ModelConfig> readGgufConfig(const std::filesystem::path& path) {
    TERNION_TRY(const auto file, readGgufContainer(path));
    return configOf(file.metadata, path.string());
}

Result<Checkpoint> openGguf(const std::filesystem::path& path, const Progress& progress) {
    TERNION_TRY(const auto file, readGgufContainer(path));
    const auto& metadata = file.metadata;
    TERNION_TRY(const auto config, configOf(metadata, path.string()));
    Checkpoint checkpoint;
    TERNION_TRY(checkpoint.generation, parseGeneration(below(gguf::generationPrefix, metadata), path.string()));
    TERNION_TRY(checkpoint.chatTemplateJinja, textOf(metadata, gguf::chatTemplateKey, path.string()));
    for (const auto& [key, kind] : {std::pair{gguf::tokenizerJsonKey, TokenizerSource::Kind::HuggingFaceJson},
                                    {gguf::sentencePieceKey, TokenizerSource::Kind::SentencePiece}}) {
        if (!metadata.contains(key)) continue;
        TERNION_TRY(auto bytes, textOf(metadata, key, path.string()));
        checkpoint.tokenizer = TokenizerSource{kind, std::move(bytes)};
        break;
    }
    TERNION_TRY(auto model, buildModel(config, SourceKind::Packed, file.tensors, progress));
    TERNION_TRY(model.name, textOf(metadata, gguf::nameKey, path.string()));
    if (model.name.empty()) model.name = path.stem().string();
    checkpoint.model = std::make_shared<const Model>(std::move(model));
    return checkpoint;
}

}  // namespace ternion
