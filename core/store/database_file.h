// A database file of ours: private, of a known version, and never lost.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/database.h"
#include "store/folder_lock.h"

namespace ternion {

struct DatabaseFile {
    FolderLock lock;  ///< kept as long as the database; `share()` it as soon as opening is done
    Database database;
    bool alone = true;   ///< no other program had it open when it was opened
    std::string notice;  ///< for the user: where a damaged file was put; empty if all is well
};

/// Opens or makes `path` (mode 0600; its folder, if missing, 0700) and brings it to the newest version: `user_version` counts
/// the migrations applied so far; before they are applied to a file with something in it, a backup is made beside it
/// ("NAME.version-3-DATE.backup"). Of a file beyond 64 MiB the measurements are checked only then, or where damage was met
/// (markDamaged). A file that is damaged or no database is renamed, with its -wal and -shm, and a new one
/// begun. An empty path: a database in memory. Unsupported where a newer program made the file, which stays as it is;
/// BadInput where it is damaged while another program has it open; Io.
Result<DatabaseFile> openDatabaseFile(const std::filesystem::path& path, std::span<const std::string_view> migrations);

/// Makes the next openDatabaseFile() check all of it: somebody came upon damage.
void markDamaged(const std::filesystem::path& path);

}  // namespace ternion
