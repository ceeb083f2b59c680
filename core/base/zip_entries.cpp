#include "base/zip_entries.h"

#include <zip.h>

#include <algorithm>
#include <array>

namespace ternion {
namespace {

/// Room for what libzip says of a failure.
class ZipError {
public:
    ZipError() { zip_error_init(&error_); }
    ~ZipError() { zip_error_fini(&error_); }
    ZipError(const ZipError&) = delete;
    ZipError& operator=(const ZipError&) = delete;
    zip_error_t* get() { return &error_; }
    std::string text() { return zip_error_strerror(&error_); }

private:
    zip_error_t error_{};
};

struct FreeSource {
    void operator()(zip_source_t* source) const { zip_source_free(source); }
};
using Source = std::unique_ptr<zip_source_t, FreeSource>;

Error cannotPack(const std::string& why) { return {ErrorCode::OutOfMemory, "the archive cannot be made: " + why, {}}; }

Result<std::vector<std::byte>> bytesOf(zip_source_t* source) {
    const auto failed = [source] { return cannotPack(zip_error_strerror(zip_source_error(source))); };
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_source_stat(source, &stat) != 0 || zip_source_open(source) != 0) return failed();
    std::vector<std::byte> bytes(stat.size);
    std::size_t at = 0;
    while (at < bytes.size()) {
        const zip_int64_t got = zip_source_read(source, bytes.data() + at, bytes.size() - at);
        if (got <= 0) return failed();
        at += static_cast<std::size_t>(got);
    }
    zip_source_close(source);
    return bytes;
}

}  // namespace

Result<std::vector<std::byte>> zipOf(const std::vector<ZipEntry>& entries) {
    ZipError error;
    const Source target(zip_source_buffer_create(nullptr, 0, 0, error.get()));
    if (!target) return cannotPack(error.text());
    std::unique_ptr<zip_t, void (*)(zip_t*)> archive(zip_open_from_source(target.get(), ZIP_TRUNCATE, error.get()),
                                                     &zip_discard);
    if (!archive) return cannotPack(error.text());
    zip_source_keep(target.get());  // the archive has one reference, `target` the other
    const auto failed = [&] { return cannotPack(zip_strerror(archive.get())); };
    for (const ZipEntry& entry : entries) {
        Source bytes(zip_source_buffer(archive.get(), entry.bytes.data(), entry.bytes.size(), 0));
        if (!bytes || zip_file_add(archive.get(), entry.name.c_str(), bytes.get(), ZIP_FL_ENC_UTF_8) < 0) return failed();
        static_cast<void>(bytes.release());  // the archive's now
    }
    if (zip_close(archive.get()) != 0) return failed();
    static_cast<void>(archive.release());
    return bytesOf(target.get());
}

void ZipReader::Discard::operator()(zip* archive) const { zip_discard(archive); }

Error ZipReader::bad(const std::string& entry, const std::string& why) const {
    return {ErrorCode::BadInput, why, entry.empty() ? path_ : path_ + ", " + entry};
}

Result<ZipReader> ZipReader::open(const std::filesystem::path& path, const ZipLimits& limits) {
    ZipReader reader;
    reader.path_ = path.string();
    TERNION_TRY(reader.file_, MappedFile::open(path));
    const auto bytes = reader.file_.bytes();
    ZipError error;
    Source source(zip_source_buffer_create(bytes.data(), bytes.size(), 0, error.get()));
    if (source) reader.archive_.reset(zip_open_from_source(source.get(), ZIP_RDONLY, error.get()));
    if (!reader.archive_) return reader.bad({}, "it is no zip archive, or it is damaged or cut short: " + error.text());
    static_cast<void>(source.release());  // the archive's now
    const auto count = static_cast<std::uint64_t>(zip_get_num_entries(reader.archive_.get(), 0));
    if (count > limits.entries)
        return reader.bad({},
                          "it has " + std::to_string(count) + " entries; expected at most " + std::to_string(limits.entries));
    std::uint64_t all = 0;
    for (std::uint64_t k = 0; k < count; ++k) {
        zip_stat_t stat;
        zip_stat_init(&stat);
        const char* raw = zip_get_name(reader.archive_.get(), k, ZIP_FL_ENC_RAW);
        if (raw == nullptr || zip_stat_index(reader.archive_.get(), k, 0, &stat) != 0 || (stat.valid & ZIP_STAT_SIZE) == 0)
            return reader.bad({}, "its entry number " + std::to_string(k) + " cannot be read");
        const std::string name = raw;
        if (stat.encryption_method != ZIP_EM_NONE || (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE))
            return reader.bad(name, "it is encrypted, or packed in a way that is not supported; expected deflate");
        if (stat.size > limits.bytes - all)
            return reader.bad(name, "with it, the archive holds more than " + std::to_string(limits.bytes) + " bytes");
        all += stat.size;
        if (!reader.sizes_.emplace(name, stat.size).second) return reader.bad(name, "there are two entries of this name");
    }
    return reader;
}

Result<std::string> ZipReader::read(const std::string& name, std::uint64_t most) const {
    const auto found = sizes_.find(name);
    if (found == sizes_.end()) return bad(name, "there is no such entry");
    const std::uint64_t size = found->second;
    if (size > most)
        return bad(name, "it is " + std::to_string(size) + " bytes long; expected at most " + std::to_string(most));
    const zip_int64_t index = zip_name_locate(archive_.get(), name.c_str(), ZIP_FL_ENC_RAW);
    const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> entry(
        index < 0 ? nullptr : zip_fopen_index(archive_.get(), static_cast<zip_uint64_t>(index), 0), &zip_fclose);
    if (!entry) return bad(name, "it cannot be read: " + std::string(zip_strerror(archive_.get())));
    // A piece at a time: a size is only believed as far as there are bytes.
    std::string bytes;
    std::array<char, std::size_t{1} << 16U> piece{};
    for (;;) {
        const zip_int64_t got = zip_fread(entry.get(), piece.data(), piece.size());
        if (got < 0) return bad(name, "it is damaged");
        if (got == 0) break;
        if (static_cast<std::uint64_t>(got) > size - bytes.size()) return bad(name, "it is longer than the archive says");
        bytes.append(piece.data(), static_cast<std::size_t>(got));
    }
    if (bytes.size() != size) return bad(name, "it is shorter than the archive says");
    return bytes;
}

}  // namespace ternion
