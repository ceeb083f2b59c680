#include "base/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace ternion {
namespace {

Error cannotWrite(const std::filesystem::path& path, const std::string& why) {
    return {ErrorCode::Io, "cannot write it: " + why, path.string()};
}

}  // namespace

Result<AtomicFile> AtomicFile::create(const std::filesystem::path& target, Readers readers) {
    std::error_code failure;
    AtomicFile file;
    file.target_ = std::filesystem::weakly_canonical(std::filesystem::absolute(target),
                                                     failure);  // through a link, so that the link stays
    if (failure) return cannotWrite(target, failure.message());
    const auto status = std::filesystem::status(file.target_, failure);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
        return cannotWrite(target, "it is no regular file; choose the name of a file");
    const mode_t mode = readers == Readers::UserAlone ? 0600 : 0666;
    for (int n = 0; file.descriptor_ < 0; ++n) {
        file.partial_ = file.target_.string() + "." + std::to_string(getpid()) + "-" + std::to_string(n) + ".part";
        file.descriptor_ = ::open(file.partial_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (file.descriptor_ < 0 && errno != EEXIST) return cannotWrite(target, std::strerror(errno));
    }
    return file;
}

Status AtomicFile::writeText(const std::filesystem::path& target, std::string_view text) {
    TERNION_TRY(auto file, create(target));
    TERNION_CHECK(file.write(0, std::as_bytes(std::span(text))));
    return file.commit();
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : target_(std::move(other.target_)),
      partial_(std::move(other.partial_)),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

AtomicFile::~AtomicFile() {
    if (descriptor_ < 0) return;
    close(descriptor_);
    unlink(partial_.c_str());
}

Status AtomicFile::write(std::uint64_t offset, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t written = pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return cannotWrite(target_, std::strerror(errno));
        offset += static_cast<std::uint64_t>(written);
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return {};
}

Status AtomicFile::commit() {
    if (fsync(descriptor_) != 0 || rename(partial_.c_str(), target_.c_str()) != 0)
        return cannotWrite(target_, std::strerror(errno));
    close(std::exchange(descriptor_, -1));
    // The name itself reaches the disk with its folder; where a file system cannot do that, the file is complete all the same.
    if (const int folder = ::open(target_.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); folder >= 0) {
        fsync(folder);
        close(folder);
    }
    return {};
}

}  // namespace ternion
