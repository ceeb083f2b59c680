// Small checkpoints in every format, written by the tests themselves, well-formed or with any part changed.
#pragma once

#include <zip.h>

#include <bit>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/float_type.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/model_tensors.h"
#include "scratch.h"

namespace ternion::files {

inline void write(const std::filesystem::path& path, const std::string& bytes) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
}
inline std::string read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}
template <class T>
std::string raw(T value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

struct Tensor {
    std::string name;
    FloatType type = FloatType::F32;
    Shape shape;
    std::string bytes;

    std::int64_t count() const { return static_cast<std::int64_t>(bytes.size() / bytesOf(type)); }
};

inline std::string encode(FloatType type, float value) {
    if (type == FloatType::F32) return raw(value);
    if (type == FloatType::F16) return raw(toHalf(value));
    return raw(static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16));
}

struct LatentModel {
    nlohmann::json config;
    std::vector<Tensor> tensors;

    Tensor& find(const std::string& name) {
        for (auto& tensor : tensors)
            if (tensor.name == name) return tensor;
        throw std::out_of_range(name);
    }
    void remove(const std::string& name) {
        std::erase_if(tensors, [&](const Tensor& tensor) { return tensor.name == name; });
    }
};

/// Random weights that are the same numbers in all three types (multiples of 1/64 of at most seven bits).
inline LatentModel latentModel(const ModelConfig& config, FloatType type, unsigned seed = 1) {
    struct Maker {
        FloatType type;
        std::mt19937 random;
        std::vector<Tensor> tensors;

        Status make(const std::string& name, const Shape& shape) {
            std::int64_t count = 1;
            for (const auto extent : shape) count *= extent;
            Tensor tensor{name, type, shape, {}};
            for (std::int64_t k = 0; k < count; ++k)
                tensor.bytes += encode(type, static_cast<float>(static_cast<int>(random() % 255) - 127) / 64.0F);
            tensors.push_back(std::move(tensor));
            return {};
        }
        Status trits(const std::string& name, const TernaryMatrix&, const Shape& shape) { return make(name, shape); }
        Status floats(const std::string& name, const std::vector<float>&, const Shape& shape) { return make(name, shape); }
        Status embedding(const std::string& name, const Embedding&, const Shape& shape) { return make(name, shape); }
        Status lowerBounds(const Model& m) { return make(rawLowerBounds, {m.config.numLayers, m.config.stateSize()}); }
    } maker{type, std::mt19937(seed), {}};
    Model shape;
    shape.config = config;
    shape.layers.resize(static_cast<std::size_t>(config.numLayers));
    if (!visitTensors(shape, maker)) throw std::logic_error("a maker never fails");
    LatentModel model;
    model.tensors = std::move(maker.tensors);
    model.config = {{"model_type", "hgrn_bit"},
                    {"architectures", {"HGRNBitForCausalLM"}},
                    {"attn_mode", "fused_recurrent"},
                    {"vocab_size", config.vocabSize},
                    {"hidden_size", config.hiddenSize},
                    {"num_hidden_layers", config.numLayers},
                    {"num_heads", config.numHeads},
                    {"expand_ratio", config.expandRatio},
                    {"hidden_ratio", 4},
                    {"intermediate_size", config.intermediateSize},
                    {"hidden_act", "swish"},
                    {"use_short_conv", false},
                    {"use_lower_bound", config.useLowerBound},
                    {"tie_word_embeddings", config.tieWordEmbeddings},
                    {"rms_norm_eps", 1e-6},
                    {"bos_token_id", 1},
                    {"eos_token_id", 2},
                    {"pad_token_id", nullptr}};
    if (config.tieWordEmbeddings) model.remove("lm_head.weight");
    return model;
}

inline ModelConfig smallConfig() {
    ModelConfig config;
    config.vocabSize = 40;
    config.hiddenSize = 24;
    config.numLayers = 2;
    config.intermediateSize = 36;
    return config;
}

// safetensors

inline std::string safetensorsBytes(const std::string& header, const std::string& data) {
    return raw(static_cast<std::uint64_t>(header.size())) + header + data;
}

inline std::string safetensors(const std::vector<Tensor>& tensors, const std::function<void(nlohmann::json&)>& change = {}) {
    nlohmann::json header = {{"__metadata__", {{"format", "pt"}}}};
    std::string data;
    constexpr const char* names[] = {"F32", "F16", "BF16"};
    for (const auto& tensor : tensors) {
        header[tensor.name] = {{"dtype", names[static_cast<int>(tensor.type)]},
                               {"shape", tensor.shape},
                               {"data_offsets", {data.size(), data.size() + tensor.bytes.size()}}};
        data += tensor.bytes;
    }
    if (change) change(header);
    return safetensorsBytes(header.dump(), data);
}

// pytorch_model.bin

inline std::string pickledText(const std::string& text) {
    return raw('X') + raw(static_cast<std::uint32_t>(text.size())) + text;
}
inline std::string pickledInteger(std::int64_t value) { return raw('J') + raw(static_cast<std::int32_t>(value)); }
inline std::string pickledTuple(const Shape& values) {
    std::string out = "(";
    for (const auto value : values) out += pickledInteger(value);
    return out + "t";
}
inline Shape contiguous(const Shape& shape) {
    Shape strides(shape.size());
    std::int64_t next = 1;
    for (std::size_t k = shape.size(); k-- > 0; next *= shape[k]) strides[k] = next;
    return strides;
}

/// As torch.save spells one tensor: a call of _rebuild_tensor_v2 with a storage by persistent id; slot 1 holds OrderedDict.
inline std::string pickledTensor(const Tensor& tensor, const std::string& key, std::int64_t storageCount, std::int64_t offset,
                                 const Shape& strides) {
    constexpr const char* names[] = {"FloatStorage", "HalfStorage", "BFloat16Storage"};
    return "ctorch._utils\n_rebuild_tensor_v2\n((" + pickledText("storage") + "ctorch\n" +
           names[static_cast<int>(tensor.type)] + "\n" + pickledText(key) + pickledText("cpu") + pickledInteger(storageCount) +
           "tQ" + pickledInteger(offset) + pickledTuple(tensor.shape) + pickledTuple(strides) + "\x89h\x01)RtR";
}

struct Archive {
    std::string pickle;
    std::vector<std::string> storages;
};

/// Each tensor in a storage of its own, or all of one type in `shared` storages, at offsets.
inline Archive pickled(const std::vector<Tensor>& tensors, bool shared = false) {
    Archive archive{std::string("\x80\x02") + "ccollections\nOrderedDict\nq\x01)Rq\x02(", {}};
    std::vector<std::string> byType(3);
    if (shared) {
        for (const auto& tensor : tensors) byType[static_cast<std::size_t>(tensor.type)] += tensor.bytes;
        archive.storages = byType;
    }
    std::vector<std::int64_t> filled(3);
    for (const auto& tensor : tensors) {
        const auto type = static_cast<std::size_t>(tensor.type);
        std::string key = std::to_string(type);
        std::int64_t count = static_cast<std::int64_t>(byType[type].size() / bytesOf(tensor.type)), offset = filled[type];
        if (shared) {
            filled[type] += tensor.count();
        } else {
            key = std::to_string(archive.storages.size());
            count = tensor.count();
            offset = 0;
            archive.storages.push_back(tensor.bytes);
        }
        archive.pickle += pickledText(tensor.name) + pickledTensor(tensor, key, count, offset, contiguous(tensor.shape));
    }
    archive.pickle += "u}" + pickledText("_metadata") + "}sb.";  // an attribute of the dictionary, as modules leave it
    return archive;
}

inline void writePytorch(const std::filesystem::path& path, const Archive& archive, int compression = ZIP_CM_STORE,
                         const std::string& byteOrder = "little") {
    std::filesystem::create_directories(path.parent_path());
    zip_t* zip = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
    const auto add = [&](const std::string& name, const std::string& bytes) {
        const auto index = zip_file_add(zip, ("archive/" + name).c_str(), zip_source_buffer(zip, bytes.data(), bytes.size(), 0),
                                        ZIP_FL_OVERWRITE);
        zip_set_file_compression(zip, static_cast<zip_uint64_t>(index), compression, 0);
    };
    add("data.pkl", archive.pickle);
    add("byteorder", byteOrder);
    for (std::size_t k = 0; k < archive.storages.size(); ++k) add("data/" + std::to_string(k), archive.storages[k]);
    const std::string version = "3\n";
    add("version", version);
    if (zip_close(zip) != 0) throw std::runtime_error(zip_strerror(zip));
}

// folders

inline std::filesystem::path writeConfig(const LatentModel& model, const std::filesystem::path& folder) {
    write(folder / "config.json", model.config.dump());
    return folder;
}
inline std::filesystem::path writeSafetensorsFolder(const LatentModel& model, const std::filesystem::path& folder) {
    write(folder / "model.safetensors", safetensors(model.tensors));
    return writeConfig(model, folder);
}
inline std::filesystem::path writePytorchFolder(const LatentModel& model, const std::filesystem::path& folder,
                                                bool shared = false) {
    writePytorch(folder / "pytorch_model.bin", pickled(model.tensors, shared));
    return writeConfig(model, folder);
}
/// Two files and an index; `format` is ".safetensors" or ".bin".
inline std::filesystem::path writeShardedFolder(const LatentModel& model, const std::filesystem::path& folder,
                                                const std::string& format) {
    const std::string stem = format == ".bin" ? "pytorch_model" : "model";
    nlohmann::json map;
    const auto middle = model.tensors.begin() + static_cast<std::ptrdiff_t>(model.tensors.size() / 2);
    for (const auto& [number, part] :
         {std::pair{"1", std::vector(model.tensors.begin(), middle)}, {"2", std::vector(middle, model.tensors.end())}}) {
        const std::string name = stem + "-0000" + number + "-of-00002" + format;
        for (const auto& tensor : part) map[tensor.name] = name;
        if (format == ".bin")
            writePytorch(folder / name, pickled(part));
        else
            write(folder / name, safetensors(part));
    }
    write(folder / (stem + format + ".index.json"), nlohmann::json{{"weight_map", map}}.dump());
    return writeConfig(model, folder);
}

}  // namespace ternion::files
