#include "checkpoint/checkpoint.h"

#include "checkpoint/config_json.h"
#include "checkpoint/gguf_reader.h"
#include "checkpoint/hugging_face_folder.h"
#include "checkpoint/latent_tensors.h"

namespace ternion {
namespace {

/// What a path stands for.
struct Place {
    std::filesystem::path folder;   // of config.json; empty: the path is a packed file
    std::filesystem::path weights;  // the file that was named; empty: the folder's own choice
};

Result<Place> locate(const std::filesystem::path& path) {
    std::error_code failure;
    const auto status = std::filesystem::status(path, failure);
    if (status.type() == std::filesystem::file_type::not_found)
        return Error{ErrorCode::NotFound, "there is no such file or folder", path.string()};
    if (failure) return Error{ErrorCode::Io, "cannot read it: " + failure.message(), path.string()};
    if (std::filesystem::is_directory(status)) return Place{path, {}};
    if (path.extension() == ".gguf") return Place{};
    const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    if (!std::filesystem::exists(folder / "config.json", failure))
        return Error{ErrorCode::BadInput,
                     "it is no checkpoint: expected a .gguf file, or a folder (or a file in one) with config.json and weights",
                     path.string()};
    const std::string name = path.filename().string();
    const bool weights = name.ends_with(".safetensors") || name.ends_with(".bin") || name.ends_with(".index.json");
    const bool shard = name.find("-of-") != std::string::npos;  // part of a model; the folder's index names all parts
    return Place{folder, weights && !shard ? path : std::filesystem::path()};
}

}  // namespace

Result<Checkpoint> openCheckpoint(const std::filesystem::path& path, const Progress& progress) {
    TERNION_TRY(const auto place, locate(path));
    if (place.folder.empty()) return openGguf(path, progress);
    return openHuggingFaceFolder(place.folder, place.weights, progress);
}

Result<TensorSource> openLatentTensors(const std::filesystem::path& path) {
    TERNION_TRY(const auto place, locate(path));
    if (!place.folder.empty()) return readTensors(place.folder, place.weights);
    return Error{ErrorCode::Unsupported,
                 "a GGUF file holds trits, and not the weights they were made of; open the Hugging Face folder that it was "
                 "converted from",
                 path.string()};
}

Result<ModelConfig> readModelConfig(const std::filesystem::path& path) {
    TERNION_TRY(const auto place, locate(path));
    if (place.folder.empty()) return readGgufConfig(path);
    return readConfigJson(place.folder / "config.json");
}

}  // namespace ternion
