#include "checkpoint/safetensors_writer.h"

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

namespace ternion {
namespace {

std::filesystem::path partial(const std::filesystem::path& path) { return path.string() + ".part"; }

Error cannotWrite(const std::filesystem::path& path) {
    return {ErrorCode::Io, std::string("cannot write it: ") + std::strerror(errno), path.string()};
}

}  // namespace

Result<SafetensorsWriter> SafetensorsWriter::create(const std::filesystem::path& path, const std::vector<Tensor>& tensors) {
    nlohmann::ordered_json header;
    std::int64_t at = 0;
    SafetensorsWriter writer;
    for (const auto& tensor : tensors) {
        std::int64_t bytes = sizeof(float);
        for (const std::int64_t extent : tensor.shape) bytes *= extent;
        header[tensor.name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {at, at + bytes}}};
        writer.offsets_.push_back(at);
        at += bytes;
    }
    std::string text = header.dump();
    text.resize((text.size() + 7) / 8 * 8, ' ');  // data begins aligned, as readers expect
    const auto length = static_cast<std::uint64_t>(text.size());
    for (auto& offset : writer.offsets_) offset += static_cast<std::int64_t>(sizeof length + text.size());
    writer.path_ = path;
    writer.file_.open(partial(path), std::ios::binary | std::ios::trunc);
    writer.file_.write(reinterpret_cast<const char*>(&length), sizeof length);
    writer.file_ << text;
    if (!writer.file_) return cannotWrite(path);
    return writer;
}

SafetensorsWriter::~SafetensorsWriter() {
    if (!file_.is_open()) return;
    file_.close();
    std::error_code ignored;
    std::filesystem::remove(partial(path_), ignored);
}

Status SafetensorsWriter::write(std::size_t tensor, std::int64_t first, std::span<const float> values) {
    file_.seekp(offsets_[tensor] + first * static_cast<std::int64_t>(sizeof(float)));
    file_.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size_bytes()));
    if (!file_) return cannotWrite(path_);
    return {};
}

Status SafetensorsWriter::finish() {
    file_.flush();
    if (!file_) return cannotWrite(path_);
    file_.close();
    std::error_code failure;
    std::filesystem::rename(partial(path_), path_, failure);
    if (failure) return Error{ErrorCode::Io, "cannot write it: " + failure.message(), path_.string()};
    return {};
}

}  // namespace ternion
