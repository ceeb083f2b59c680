// Who has the databases of a folder open.
#pragma once

#include <dirent.h>

#include <filesystem>
#include <memory>

#include "base/result.h"

namespace ternion {

/// Programs that open a database at the same time take turns by this; it also tells whether another one has it open. It locks
/// the folder, not the file: closing a second descriptor of the file would drop SQLite's own locks on it.
class FolderLock {
public:
    /// Waits while another program is opening. Io with the system's reason where `folder` cannot be read.
    static Result<FolderLock> take(const std::filesystem::path& folder);

    /// Nobody else has a database of this folder open, nor can anybody open one before `share()`.
    bool alone() const { return alone_; }
    /// Opening is done; from now until destruction others see that they are not alone.
    void share();

private:
    struct Close {
        void operator()(DIR* folder) const { closedir(folder); }
    };
    std::unique_ptr<DIR, Close> folder_;
    bool alone_ = false;
};

}  // namespace ternion
