#include "store/folder_lock.h"

#include <sys/file.h>

#include <cerrno>
#include <cstring>

namespace ternion {

Result<FolderLock> FolderLock::take(const std::filesystem::path& folder) {
    FolderLock lock;
    lock.folder_.reset(opendir(folder.c_str()));
    if (!lock.folder_)
        return Error{ErrorCode::Io, std::string("cannot open the folder: ") + std::strerror(errno), folder.string()};
    lock.alone_ = flock(dirfd(lock.folder_.get()), LOCK_EX | LOCK_NB) == 0;
    if (!lock.alone_) lock.share();
    return lock;
}

void FolderLock::share() {
    while (folder_ && flock(dirfd(folder_.get()), LOCK_SH) != 0 && errno == EINTR) {
    }
}

}  // namespace ternion
