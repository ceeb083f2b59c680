#include "checkpoint/safetensors.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/json.h"

namespace ternion {
namespace {

constexpr std::uint64_t longestHeader = std::uint64_t{32} << 20;  // a thousand layers take two megabytes

struct Entry {
    std::string name;
    StoredType type = StoredType::F32;
    std::vector<std::int64_t> shape;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};

Result<Entry> readEntry(const std::string& name, const nlohmann::json& json, const std::string& context) {
    const auto bad = [&](std::string what) { return Error{ErrorCode::BadInput, std::move(what), context}; };
    const auto integers = [&](const char* key, std::vector<std::uint64_t>& out) {
        const auto at = json.find(key);
        if (at == json.end() || !at->is_array()) return false;
        for (const auto& value : *at) {
            if (!value.is_number_unsigned() || value.get<std::uint64_t>() > INT64_MAX) return false;
            out.push_back(value.get<std::uint64_t>());
        }
        return true;
    };
    if (!json.is_object()) return bad("the header's entry is not an object");
    Entry entry;
    entry.name = name;
    const auto dtype = json.find("dtype");
    if (dtype == json.end() || !dtype->is_string()) return bad("the header gives it no 'dtype'");
    if (*dtype == "F16")
        entry.type = StoredType::F16;
    else if (*dtype == "BF16")
        entry.type = StoredType::BF16;
    else if (*dtype != "F32")
        return bad("its type is " + dtype->get<std::string>() + "; expected F32, F16 or BF16");
    std::vector<std::uint64_t> shape, offsets;
    if (!integers("shape", shape)) return bad("the header gives it no 'shape' of whole numbers");
    if (!integers("data_offsets", offsets) || offsets.size() != 2)
        return bad("the header gives it no 'data_offsets' of two whole numbers");
    entry.shape.assign(shape.begin(), shape.end());
    entry.begin = offsets[0];
    entry.end = offsets[1];
    const auto size = storedSize(entry.type, entry.shape);
    if (entry.begin > entry.end || !size || entry.end - entry.begin != *size)
        return bad("its data_offsets " + toText(std::vector<std::int64_t>(offsets.begin(), offsets.end())) +
                   " do not fit its shape " + toText(entry.shape) + " of " + std::string(nameOf(entry.type)));
    return entry;
}

}  // namespace

Status readSafetensors(const std::filesystem::path& path, TensorSource& source) {
    TERNION_TRY(auto mapping, MappedFile::open(path));
    const auto bad = [&](std::string what) { return Error{ErrorCode::BadInput, std::move(what), path.string()}; };
    const auto bytes = mapping.bytes();
    std::uint64_t length = 0;
    if (bytes.size() < sizeof length)
        return bad("it is " + std::to_string(bytes.size()) + " bytes long, too short for a safetensors file");
    std::memcpy(&length, bytes.data(), sizeof length);
    if (length > bytes.size() - sizeof length || length > longestHeader)
        return bad("its header claims " + std::to_string(length) + " bytes; the file has " + std::to_string(bytes.size()) +
                   " and a header at most " + std::to_string(longestHeader) + ": it is damaged or no safetensors file");
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + sizeof length, length);
    TERNION_TRY(const auto header, parseJson(text, path.string() + ", header"));
    if (!header.is_object()) return bad("its header is not a JSON object");

    std::vector<Entry> entries;
    for (const auto& [name, json] : header.items()) {
        if (name == "__metadata__") continue;
        TERNION_TRY(auto entry, readEntry(name, json, path.string() + ", tensor " + name));
        entries.push_back(std::move(entry));
    }
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
    const std::uint64_t dataStart = sizeof length + length;
    const std::size_t file = source.addFile(path, std::move(mapping));
    std::uint64_t filled = 0;
    for (auto& entry : entries) {
        if (entry.begin != filled)
            return Error{ErrorCode::BadInput,
                         "its bytes begin at " + std::to_string(entry.begin) +
                             " of the data, where the tensor before ends at " + std::to_string(filled) +
                             ": the header overlaps or leaves gaps",
                         path.string() + ", tensor " + entry.name};
        filled = entry.end;
        TERNION_CHECK(source.add(entry.name, entry.type, std::move(entry.shape), file, dataStart + entry.begin));
    }
    if (filled != bytes.size() - dataStart)
        return bad("its tensors end at byte " + std::to_string(dataStart + filled) + ", but the file has " +
                   std::to_string(bytes.size()) + " bytes");
    return {};
}

}  // namespace ternion
