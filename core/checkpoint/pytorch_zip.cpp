#include "checkpoint/pytorch_zip.h"

#include <zip.h>

#include <algorithm>
#include <memory>

#include "checkpoint/pickle.h"

namespace ternion {
namespace {

constexpr std::uint64_t longestPickle = std::uint64_t{2}
                                        << 20;  // a thousand layers take less; bounds the memory it can ask for

/// The mapping as libzip reads it. It remembers where it was read last: that is how the place of an entry's bytes in the file
/// is known, which libzip does not tell.
struct MappedSource {
    std::span<const std::byte> bytes;
    std::uint64_t at = 0;
    std::uint64_t lastRead = 0;
    zip_error_t error{};
};

zip_int64_t serve(void* state, void* data, zip_uint64_t length, zip_source_cmd_t command) {
    auto& source = *static_cast<MappedSource*>(state);
    switch (command) {
        case ZIP_SOURCE_OPEN:
            source.at = 0;
            return 0;
        case ZIP_SOURCE_READ: {
            const std::uint64_t count = std::min<std::uint64_t>(length, source.bytes.size() - source.at);
            std::copy_n(source.bytes.data() + source.at, count, static_cast<std::byte*>(data));
            source.lastRead = source.at;
            source.at += count;
            return static_cast<zip_int64_t>(count);
        }
        case ZIP_SOURCE_SEEK: {
            const zip_int64_t to = zip_source_seek_compute_offset(source.at, source.bytes.size(), data, length, &source.error);
            if (to < 0) return -1;
            source.at = static_cast<std::uint64_t>(to);
            return 0;
        }
        case ZIP_SOURCE_TELL:
            return static_cast<zip_int64_t>(source.at);
        case ZIP_SOURCE_STAT: {
            auto* stat = static_cast<zip_stat_t*>(data);
            zip_stat_init(stat);
            stat->size = source.bytes.size();
            stat->valid |= ZIP_STAT_SIZE;
            return sizeof *stat;
        }
        case ZIP_SOURCE_ERROR:
            return zip_error_to_data(&source.error, data, length);
        case ZIP_SOURCE_CLOSE:
        case ZIP_SOURCE_FREE:
            return 0;
        case ZIP_SOURCE_SUPPORTS:
            return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT,
                                                  ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL,
                                                  ZIP_SOURCE_SUPPORTS, -1);
        default:
            zip_error_set(&source.error, ZIP_ER_OPNOTSUPP, 0);
            return -1;
    }
}

struct StoredEntry {
    std::uint64_t offset = 0;  // of its bytes in the file
    std::uint64_t size = 0;
};

class Archive {
public:
    Archive(std::span<const std::byte> bytes, std::string file)
        : source_(std::make_unique<MappedSource>()), file_(std::move(file)), zip_(nullptr, &zip_discard) {
        source_->bytes = bytes;
    }

    Status open() {
        zip_error_t error;
        zip_error_init(&error);
        zip_source_t* source = zip_source_function_create(&serve, source_.get(), &error);
        if (source != nullptr) zip_.reset(zip_open_from_source(source, ZIP_RDONLY, &error));
        const std::string why = zip_error_strerror(&error);
        zip_error_fini(&error);
        if (zip_) return {};
        if (source != nullptr) zip_source_free(source);
        return bad(why);
    }

    /// The folder that everything is in: "archive/".
    Result<std::string> folder() const {
        constexpr std::string_view pickle = "data.pkl";
        for (zip_int64_t k = 0; k < zip_get_num_entries(zip_.get(), 0); ++k) {
            const char* name = zip_get_name(zip_.get(), static_cast<zip_uint64_t>(k), ZIP_FL_ENC_RAW);
            const std::string_view text = name != nullptr ? name : "";
            if (text == pickle || text.ends_with("/data.pkl")) return std::string(text.substr(0, text.size() - pickle.size()));
        }
        return bad("it holds no data.pkl: it was not written by torch.save");
    }

    bool has(const std::string& name) const { return zip_name_locate(zip_.get(), name.c_str(), ZIP_FL_ENC_RAW) >= 0; }

    Result<StoredEntry> find(const std::string& name) const {
        zip_stat_t stat;
        zip_stat_init(&stat);
        const zip_int64_t index = zip_name_locate(zip_.get(), name.c_str(), ZIP_FL_ENC_RAW);
        if (index < 0 || zip_stat_index(zip_.get(), static_cast<zip_uint64_t>(index), 0, &stat) != 0)
            return bad("it holds no entry '" + name + "'");
        if (stat.comp_method != ZIP_CM_STORE || stat.encryption_method != ZIP_EM_NONE)
            return Error{ErrorCode::Unsupported, "its entry '" + name + "' is compressed; torch.save only stores", file_};
        if (stat.size == 0) return StoredEntry{};
        const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> entry(
            zip_fopen_index(zip_.get(), static_cast<zip_uint64_t>(index), 0), &zip_fclose);
        std::byte first{};
        if (!entry || zip_fread(entry.get(), &first, 1) != 1) return bad("its entry '" + name + "' cannot be read");
        const std::uint64_t offset = source_->lastRead;
        if (stat.size > source_->bytes.size() - offset) return bad("its entry '" + name + "' is cut short");
        return StoredEntry{offset, stat.size};
    }

    Result<std::string_view> text(const std::string& name) const {
        TERNION_TRY(const auto entry, find(name));
        return std::string_view(reinterpret_cast<const char*>(source_->bytes.data()) + entry.offset, entry.size);
    }

private:
    Error bad(const std::string& why) const {
        return {ErrorCode::BadInput, "as a zip archive of PyTorch's, it is damaged or cut short: " + why, file_};
    }

    std::unique_ptr<MappedSource> source_;  // outlives zip_, which reads through it
    std::string file_;
    std::unique_ptr<zip_t, void (*)(zip_t*)> zip_;
};

bool isContiguous(const PickledTensor& tensor) {
    std::int64_t expected = 1;
    for (std::size_t k = tensor.shape.size(); k-- > 0;) {
        if (tensor.shape[k] != 1 && tensor.strides[k] != expected) return false;
        if (__builtin_mul_overflow(expected, tensor.shape[k], &expected)) return false;
    }
    return true;
}

std::optional<StoredType> typeOf(const std::string& storage) {
    if (storage == "torch.FloatStorage") return StoredType::F32;
    if (storage == "torch.HalfStorage") return StoredType::F16;
    if (storage == "torch.BFloat16Storage") return StoredType::BF16;
    return {};
}

}  // namespace

Status readPytorchZip(const std::filesystem::path& path, TensorSource& source) {
    TERNION_TRY(auto mapping, MappedFile::open(path));
    const std::string file = path.string();
    const auto bytes = mapping.bytes();
    constexpr std::string_view oldMagic{"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 14};
    if (std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()).starts_with(oldMagic))
        return Error{ErrorCode::Unsupported,
                     "it is in the format of PyTorch before 1.6; load it there and save it again, best as safetensors", file};
    Archive archive(bytes, file);
    TERNION_CHECK(archive.open());
    TERNION_TRY(const auto folder, archive.folder());
    if (archive.has(folder + "byteorder")) {
        TERNION_TRY(const auto order, archive.text(folder + "byteorder"));
        if (order != "little") return Error{ErrorCode::Unsupported, "its byte order is not little-endian", file};
    }
    TERNION_TRY(const auto pickle, archive.text(folder + "data.pkl"));
    if (pickle.size() > longestPickle)
        return Error{ErrorCode::BadInput,
                     "its data.pkl is " + std::to_string(pickle.size()) + " bytes long; expected at most " +
                         std::to_string(longestPickle),
                     file};
    TERNION_TRY(auto tensors, readTensorPickle(pickle, file));

    const std::size_t number = source.addFile(path, std::move(mapping));
    for (auto& tensor : tensors) {
        const auto bad = [&](ErrorCode code, std::string what) {
            return Error{code, std::move(what), file + ", tensor " + tensor.name};
        };
        const auto type = typeOf(tensor.storageType);
        if (!type)
            return bad(ErrorCode::BadInput, "its type is " + tensor.storageType +
                                                "; expected torch.FloatStorage, HalfStorage or "
                                                "BFloat16Storage (F32, F16, BF16)");
        if (!isContiguous(tensor))
            return bad(ErrorCode::Unsupported, "its strides " + toText(tensor.strides) + " are not those of a contiguous " +
                                                   toText(tensor.shape) + "; call contiguous() on it before saving");
        TERNION_TRY(const auto entry, archive.find(folder + "data/" + tensor.storageKey));
        const std::size_t width = bytesOf(*asFloat(*type));
        const auto size = storedSize(*type, tensor.shape);
        const std::uint64_t elements = entry.size / width;
        if (!size || tensor.offset < 0 || static_cast<std::uint64_t>(tensor.offset) > elements ||
            *size / width > elements - static_cast<std::uint64_t>(tensor.offset))
            return bad(ErrorCode::BadInput, "its shape " + toText(tensor.shape) + " from element " +
                                                std::to_string(tensor.offset) + " on does not fit its storage of " +
                                                std::to_string(elements) + " elements");
        TERNION_CHECK(source.add(tensor.name, *type, std::move(tensor.shape), number,
                                 entry.offset + static_cast<std::uint64_t>(tensor.offset) * width));
    }
    return {};
}

}  // namespace ternion
