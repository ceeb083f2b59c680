#include "checkpoint/tensor_source.h"

#include <array>
#include <system_error>

namespace ternion {
namespace {

struct Layout {
    std::string_view name;
    std::size_t columns;  // that make one block
    std::size_t bytes;    // of one block
    std::optional<FloatType> asFloat;
};

const Layout& layoutOf(StoredType type) {
    static constexpr std::array layouts{Layout{"F32", 1, 4, FloatType::F32}, Layout{"F16", 1, 2, FloatType::F16},
                                        Layout{"BF16", 1, 2, FloatType::BF16}, Layout{"TQ2_0", 256, 66, {}},
                                        Layout{"TQ1_0", 256, 54, {}}};
    return layouts[static_cast<std::size_t>(type)];
}

}  // namespace

std::string_view nameOf(StoredType type) { return layoutOf(type).name; }

std::optional<FloatType> asFloat(StoredType type) { return layoutOf(type).asFloat; }

std::optional<std::size_t> storedSize(StoredType type, std::span<const std::int64_t> shape) {
    const Layout& layout = layoutOf(type);
    if (layout.columns > 1 && (shape.empty() || shape.back() % static_cast<std::int64_t>(layout.columns) != 0)) return {};
    std::size_t count = 1;
    for (const std::int64_t extent : shape)
        if (extent < 0 || __builtin_mul_overflow(count, static_cast<std::size_t>(extent), &count)) return {};
    std::size_t bytes = 0;
    if (__builtin_mul_overflow(count / layout.columns, layout.bytes, &bytes)) return {};
    return bytes;
}

std::string toText(std::span<const std::int64_t> shape) {
    std::string text = "[";
    for (const std::int64_t extent : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(extent);
    return text + "]";
}

std::size_t TensorSource::addFile(std::filesystem::path path, MappedFile file) {
    files_.push_back({std::move(path), std::move(file)});
    return files_.size() - 1;
}

Status TensorSource::add(const std::string& name, StoredType type, std::vector<std::int64_t> shape, std::size_t file,
                         std::uint64_t offset) {
    const auto bad = [&](std::string what) {
        return Error{ErrorCode::BadInput, std::move(what), files_[file].path.string() + ", tensor " + name};
    };
    const auto size = storedSize(type, shape);
    if (!size) return bad("its shape " + toText(shape) + " is impossible for " + std::string(nameOf(type)));
    const auto all = fileBytes(file);
    if (offset > all.size() || *size > all.size() - offset)
        return bad("its " + std::to_string(*size) + " bytes from byte " + std::to_string(offset) +
                   " on lie outside the file of " + std::to_string(all.size()) +
                   " bytes; the file is cut short or damaged: download it again");
    const auto [at, fresh] = tensors_.try_emplace(name);
    if (!fresh) return bad("it is there twice; the other one is in " + files_[at->second.file].path.string());
    at->second = {type, std::move(shape), all.subspan(offset, *size), file};
    return {};
}

const StoredTensor* TensorSource::find(std::string_view name) const {
    const auto at = tensors_.find(name);
    return at == tensors_.end() ? nullptr : &at->second;
}

std::string TensorSource::context(std::string_view name) const {
    const StoredTensor* tensor = find(name);
    const std::size_t file = tensor != nullptr ? tensor->file : 0;
    return (files_.empty() ? "" : files_[file].path.string() + ", ") + "tensor " + std::string(name);
}

std::jthread TensorSource::readAhead() const {
    try {
        return std::jthread([this](const std::stop_token& stop) {
            for (const File& file : files_) file.mapping.readAhead(stop);
        });
    } catch (const std::system_error&) {  // no thread to be had: the disk is read when it must be
        return {};
    }
}

void TensorSource::release(const StoredTensor& tensor) const {
    const MappedFile& mapping = files_[tensor.file].mapping;
    mapping.release(static_cast<std::size_t>(tensor.bytes.data() - mapping.bytes().data()), tensor.bytes.size());
}

}  // namespace ternion
