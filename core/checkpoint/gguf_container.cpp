#include "checkpoint/gguf_container.h"

#include <array>
#include <bit>

#include "base/byte_reader.h"

namespace ternion {
namespace {

constexpr std::array typeNumbers{std::pair{StoredType::F32, 0U}, std::pair{StoredType::F16, 1U},
                                 std::pair{StoredType::BF16, 30U}, std::pair{StoredType::TQ1_0, 34U},
                                 std::pair{StoredType::TQ2_0, 35U}};

std::string readText(ByteReader& reader) { return std::string(reader.take(reader.number<std::uint64_t>())); }

/// Nothing for a type that the format does not have, an array in an array, or the end of the file.
std::optional<nlohmann::json> readValue(ByteReader& reader, GgufValueType type, bool inArray = false) {
    using enum GgufValueType;
    const auto value = [&]() -> std::optional<nlohmann::json> {
        switch (type) {
            case U8:
                return reader.number<std::uint8_t>();
            case I8:
                return reader.number<std::int8_t>();
            case U16:
                return reader.number<std::uint16_t>();
            case I16:
                return reader.number<std::int16_t>();
            case U32:
                return reader.number<std::uint32_t>();
            case I32:
                return reader.number<std::int32_t>();
            case F32:
                return reader.number<float>();
            case Bool:
                return reader.number<std::uint8_t>() != 0;
            case String:
                return readText(reader);
            case U64:
                return reader.number<std::uint64_t>();
            case I64:
                return reader.number<std::int64_t>();
            case F64:
                return reader.number<double>();
            case Array:
                break;
        }
        if (type != Array || inArray) return {};
        const auto element = static_cast<GgufValueType>(reader.number<std::uint32_t>());
        const auto count = reader.number<std::uint64_t>();
        if (element == U8) return std::string(reader.take(count));
        for (std::uint64_t k = 0; k < count; ++k)  // each takes at least a byte, so the end of the file ends it
            if (!readValue(reader, element, true)) return {};
        return nlohmann::json();
    }();
    return reader.failed() ? std::nullopt : value;
}

struct TensorEntry {
    std::string name;
    StoredType type = StoredType::F32;
    std::vector<std::int64_t> shape;
    std::uint64_t offset = 0;
};

Result<TensorEntry> readTensorEntry(ByteReader& reader, const std::string& file) {
    TensorEntry entry;
    entry.name = readText(reader);
    const auto error = [&](ErrorCode code, std::string what) {
        return Error{code, std::move(what), file + ", tensor " + entry.name};
    };
    const auto dimensions = reader.number<std::uint32_t>();
    if (dimensions > 4)
        return error(ErrorCode::BadInput, "it has " + std::to_string(dimensions) + " dimensions; expected 1 to 4");
    for (std::uint32_t k = 0; k < dimensions; ++k) {
        const auto extent = reader.number<std::uint64_t>();
        if (extent > INT64_MAX) return error(ErrorCode::BadInput, "its extent " + std::to_string(extent) + " is absurd");
        entry.shape.insert(entry.shape.begin(), static_cast<std::int64_t>(extent));  // ggml names the innermost first
    }
    const auto number = reader.number<std::uint32_t>();
    entry.offset = reader.number<std::uint64_t>();
    if (reader.failed()) return Error{ErrorCode::BadInput, "it ends within the list of tensors: it is cut short", file};
    for (const auto& [type, known] : typeNumbers)
        if (known == number) {
            entry.type = type;
            return entry;
        }
    return error(ErrorCode::Unsupported,
                 "it has ggml's type " + std::to_string(number) + "; expected F32, F16, BF16, TQ1_0 or TQ2_0");
}

}  // namespace

std::uint32_t ggmlNumber(StoredType type) {
    for (const auto& [known, number] : typeNumbers)
        if (known == type) return number;
    return 0;
}

Result<GgufFile> readGgufContainer(const std::filesystem::path& path) {
    TERNION_TRY(auto mapping, MappedFile::open(path));
    const std::string file = path.string();
    const auto bad = [&](std::string what) { return Error{ErrorCode::BadInput, std::move(what), file}; };
    const auto bytes = mapping.bytes();
    ByteReader reader(bytes);
    if (reader.take(ggufMagic.size()) != ggufMagic) return bad("it is no GGUF file: it does not begin with \"GGUF\"");
    const auto version = reader.number<std::uint32_t>();
    if (version != ggufVersion && !reader.failed())
        return Error{ErrorCode::Unsupported, "it is GGUF version " + std::to_string(version) + "; expected 3, little-endian",
                     file};
    const auto tensorCount = reader.number<std::uint64_t>();
    const auto valueCount = reader.number<std::uint64_t>();

    GgufFile gguf;
    gguf.metadata = nlohmann::json::object();
    for (std::uint64_t k = 0; k < valueCount && !reader.failed(); ++k) {
        const std::string key = readText(reader);
        auto value = readValue(reader, static_cast<GgufValueType>(reader.number<std::uint32_t>()));
        if (!value) return bad("the value of metadata key '" + key.substr(0, 80) + "' is cut short or of no type of GGUF's");
        if (!gguf.metadata.emplace(key, std::move(*value)).second) return bad("metadata key '" + key + "' is there twice");
    }
    std::uint64_t alignment = ggufAlignment;
    if (const auto given = gguf.metadata.find("general.alignment"); given != gguf.metadata.end()) {
        alignment = given->is_number_unsigned() ? given->get<std::uint64_t>() : 0;
        if (!std::has_single_bit(alignment) || alignment > 65536)
            return bad("general.alignment is no power of two up to 65536");
    }
    const auto aligned = [&](std::uint64_t at) { return (at + alignment - 1) / alignment * alignment; };

    std::vector<TensorEntry> entries;
    for (std::uint64_t k = 0; k < tensorCount; ++k) {
        TERNION_TRY(auto entry, readTensorEntry(reader, file));
        entries.push_back(std::move(entry));
    }
    if (reader.failed()) return bad("it ends within its header: it is cut short");
    const std::uint64_t dataStart = aligned(reader.position());
    const std::size_t number = gguf.tensors.addFile(path, std::move(mapping));
    std::uint64_t filled = 0;
    for (auto& entry : entries) {
        if (entry.offset != aligned(filled))
            return Error{ErrorCode::BadInput,
                         "its data begin at " + std::to_string(entry.offset) + "; expected " + std::to_string(aligned(filled)) +
                             ", right after the tensor before",
                         file + ", tensor " + entry.name};
        TERNION_CHECK(gguf.tensors.add(entry.name, entry.type, std::move(entry.shape), number, dataStart + entry.offset));
        filled = entry.offset + gguf.tensors.find(entry.name)->bytes.size();
    }
    if (!entries.empty() && aligned(dataStart + filled) < bytes.size())
        return bad("there are bytes after its last tensor, which ends at byte " + std::to_string(dataStart + filled));
    return gguf;
}

}  // namespace ternion
