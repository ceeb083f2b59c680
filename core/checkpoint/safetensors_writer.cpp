#include "checkpoint/safetensors_writer.h"

#include <nlohmann/json.hpp>

namespace ternion {

Result<SafetensorsWriter> SafetensorsWriter::create(const std::filesystem::path& path, const std::vector<Tensor>& tensors) {
    nlohmann::ordered_json header;
    std::uint64_t at = 0;
    std::vector<std::uint64_t> offsets;
    for (const auto& tensor : tensors) {
        std::uint64_t bytes = sizeof(float);
        for (const std::int64_t extent : tensor.shape) bytes *= static_cast<std::uint64_t>(extent);
        header[tensor.name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {at, at + bytes}}};
        offsets.push_back(at);
        at += bytes;
    }
    std::string text = header.dump();
    text.resize((text.size() + 7) / 8 * 8, ' ');  // data begins aligned, as readers expect
    const std::uint64_t length = text.size();
    for (auto& offset : offsets) offset += sizeof length + length;
    TERNION_TRY(auto file, AtomicFile::create(path));
    TERNION_CHECK(file.write(0, std::as_bytes(std::span(&length, 1))));
    TERNION_CHECK(file.write(sizeof length, std::as_bytes(std::span(text))));
    return SafetensorsWriter(std::move(file), std::move(offsets));
}

Status SafetensorsWriter::write(std::size_t tensor, std::int64_t first, std::span<const float> values) {
    return file_.write(offsets_[tensor] + static_cast<std::uint64_t>(first) * sizeof(float), std::as_bytes(values));
}

}  // namespace ternion
