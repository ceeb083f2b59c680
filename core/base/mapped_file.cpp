#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace ternion {
namespace {

Error systemError(const std::filesystem::path& path, int number) {
    if (number == ENOENT) return {ErrorCode::NotFound, "there is no such file", path.string()};
    return {ErrorCode::Io, std::string("cannot read it: ") + std::strerror(number), path.string()};
}

}  // namespace

MappedFile::~MappedFile() {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): munmap takes void*
    if (!bytes_.empty()) munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return systemError(path, errno);
    struct stat facts {};
    if (fstat(descriptor, &facts) != 0 || !S_ISREG(facts.st_mode)) {
        const int number = S_ISDIR(facts.st_mode) ? EISDIR : EINVAL;
        close(descriptor);
        return systemError(path, number);
    }
    MappedFile file;
    const auto size = static_cast<std::size_t>(facts.st_size);
    void* start = size > 0 ? mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0) : nullptr;
    const int number = errno;
    close(descriptor);
    if (start == MAP_FAILED) return systemError(path, number);
    file.bytes_ = {static_cast<const std::byte*>(start), size};
    return file;
}

void MappedFile::readAhead(const std::stop_token& stop) const {
    constexpr std::size_t piece = std::size_t{128} << 10;  // of a longer one Linux reads no more than its own read-ahead
    for (std::size_t at = 0; at < bytes_.size() && !stop.stop_requested(); at += piece)
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): madvise takes void*; the mapping is not written
        madvise(const_cast<std::byte*>(bytes_.data()) + at, std::min(piece, bytes_.size() - at), MADV_WILLNEED);
}

void MappedFile::release(std::size_t offset, std::size_t length) const {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t first = (offset + page - 1) / page * page;
    const std::size_t last = (offset + length) / page * page;
    if (last <= first || last > bytes_.size() + page) return;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): madvise takes void*; the mapping is not written
    madvise(const_cast<std::byte*>(bytes_.data()) + first, last - first, MADV_DONTNEED);
}

Result<std::string> readTextFile(const std::filesystem::path& path, std::size_t limit) {
    TERNION_TRY(const auto file, MappedFile::open(path));
    const auto bytes = file.bytes();
    if (bytes.size() > limit)
        return Error{ErrorCode::BadInput,
                     "it is " + std::to_string(bytes.size()) + " bytes long; at most " + std::to_string(limit) + " are read",
                     path.string()};
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

}  // namespace ternion
