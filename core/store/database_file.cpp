#include "store/database_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "store/utc_time.h"

namespace ternion {
namespace {

namespace fs = std::filesystem;

/// The file and what SQLite puts beside it.
constexpr std::array parts = {"", "-wal", "-shm"};

fs::path part(const fs::path& path, const char* suffix) { return path.string() + suffix; }

Error systemError(const char* what, const fs::path& path, int number) {
    return {ErrorCode::Io, std::string(what) + ": " + std::strerror(number), path.string()};
}

Status createFolder(const fs::path& folder) {
    std::error_code code;
    fs::create_directories(folder.parent_path(), code);  // a failure shows in the next line
    if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return systemError("cannot make the folder", folder, errno);
    return {};
}

/// SQLite would make it readable to all; its -wal and -shm then get the same mode.
Status createFile(const fs::path& path) {
    const int descriptor = open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (descriptor < 0 && errno != EEXIST) return systemError("cannot make the file", path, errno);
    if (descriptor >= 0) close(descriptor);
    return {};
}

Status makePrivate(const fs::path& path) {
    for (const char* suffix : parts)
        if (chmod(part(path, suffix).c_str(), 0600) != 0 && errno != ENOENT)
            return systemError("cannot make it private", part(path, suffix), errno);
    return {};
}

Status refuseNewer(const Database& database, std::size_t newest, const fs::path& path) {
    TERNION_TRY(const auto version, database.number("PRAGMA user_version"));
    if (version >= 0 && static_cast<std::size_t>(version) <= newest) return {};
    return Error{ErrorCode::Unsupported,
                 "a newer version of the program made it (its format is " + std::to_string(version) + ", this program knows " +
                     std::to_string(newest) + "): install the newer version, or move the file away to begin anew",
                 path.string()};
}

/// Measurements, which may fill gigabytes: where nothing speaks against them their check is left out, so that the program
/// starts at once. What is wrong with them is found when they are read, and leaves a mark (markDamaged).
constexpr std::array bulkTables = {"samples", "sample_blocks"};
constexpr std::uintmax_t wholeCheckBytes = std::uintmax_t{64} << 20U;

fs::path damageMark(const fs::path& path) { return part(path, ".check"); }

Result<bool> passes(const Database& database, const std::string& pragma) {
    TERNION_TRY(auto check, database.query(pragma));
    TERNION_TRY(const bool row, check.step());
    return row && check.bytes(0) == "ok";
}

Result<bool> isWhole(const Database& database, const fs::path& path, std::size_t newest) {
    std::error_code code;
    TERNION_TRY(const auto version, database.number("PRAGMA user_version"));
    if (fs::file_size(path, code) <= wholeCheckBytes || static_cast<std::size_t>(version) != newest ||
        fs::exists(damageMark(path), code))
        return passes(database, "PRAGMA quick_check(1)");
    TERNION_TRY(auto tables, database.query("SELECT name FROM sqlite_schema WHERE type = 'table'"));
    for (;;) {
        TERNION_TRY(const bool row, tables.step());
        if (!row) return true;
        const std::string name = tables.bytes(0);
        if (std::find(bulkTables.begin(), bulkTables.end(), name) != bulkTables.end()) continue;
        TERNION_TRY(const bool ok, passes(database, "PRAGMA quick_check(\"" + name + "\")"));
        if (!ok) return false;
    }
}

/// Changes neither the file nor its -wal.
Result<bool> isDamaged(const fs::path& path, std::size_t newest) {
    std::error_code code;
    const auto log = fs::file_size(part(path, "-wal"), code);
    if (!code && log > 0 && fs::file_size(path, code) == 0) return true;  // SQLite would delete the -wal
    TERNION_TRY(auto database, Database::connect(path));
    database.setMergeOnClose(false);
    if (const auto known = refuseNewer(database, newest, path); !known) {
        if (known.error().code == ErrorCode::BadInput) return true;
        return known.error();
    }
    const auto ok = isWhole(database, path, newest);
    if (!ok && ok.error().code != ErrorCode::BadInput) return ok.error();
    return !ok || !*ok;
}

/// Returns what to tell the user.
Result<std::string> setAside(const fs::path& path) {
    const std::string name = path.string() + utcTime(std::time(nullptr), ".damaged-%Y%m%d-%H%M%S");
    std::string aside = name;
    for (int k = 2; fs::exists(aside); ++k) aside = name + "-" + std::to_string(k);
    for (const char* suffix : parts)
        if (rename(part(path, suffix).c_str(), part(aside, suffix).c_str()) != 0 && errno != ENOENT)
            return systemError("it is damaged and cannot be set aside", part(path, suffix), errno);
    return path.string() + " was damaged. It is kept as " + aside + ", and a new one was begun.";
}

/// The whole of it as it is now, beside it: "NAME.version-3-DATE.backup".
Status backUp(Database& database, std::int64_t version, const fs::path& path) {
    const std::string name =
        path.string() + ".version-" + std::to_string(version) + utcTime(std::time(nullptr), "-%Y%m%d-%H%M%S.backup");
    TERNION_CHECK(createFile(name));
    const auto copied = database.run("VACUUM INTO ?", {name});
    if (copied) return {};
    unlink(name.c_str());
    return Error{
        copied.error().code,
        "it has to be brought to this program's format, and no backup of it could be made (" + copied.error().message + ")",
        path.string()};
}

Status migrate(Database& database, std::span<const std::string_view> migrations, const fs::path& path) {
    TERNION_TRY(const auto before, database.number("PRAGMA user_version"));
    if (!path.empty() && before > 0 && static_cast<std::size_t>(before) < migrations.size())
        TERNION_CHECK(backUp(database, before, path));  // whole: it has just been checked
    TERNION_TRY(auto transaction, database.beginWriting());
    TERNION_TRY(const auto version, database.number("PRAGMA user_version"));
    for (auto next = static_cast<std::size_t>(version); next < migrations.size(); ++next)
        TERNION_CHECK(database.script(std::string(migrations[next]) + ";PRAGMA user_version=" + std::to_string(next + 1)));
    return transaction.commit();
}

}  // namespace

void markDamaged(const fs::path& path) {
    const int descriptor = open(damageMark(path).c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (descriptor >= 0) close(descriptor);
}

Result<DatabaseFile> openDatabaseFile(const fs::path& path, std::span<const std::string_view> migrations) {
    FolderLock lock;
    std::string notice;
    if (!path.empty()) {
        const fs::path folder = fs::absolute(path).parent_path();
        TERNION_CHECK(createFolder(folder));
        TERNION_TRY(lock, FolderLock::take(folder));
        TERNION_CHECK(createFile(path));
        TERNION_TRY(const bool damaged, isDamaged(path, migrations.size()));
        if (damaged && !lock.alone())
            return Error{ErrorCode::BadInput, "it is damaged, and another program has it open: close that one and start again",
                         path.string()};
        if (damaged) {
            TERNION_TRY(notice, setAside(path));
            TERNION_CHECK(createFile(path));
        }
        TERNION_CHECK(makePrivate(path));
        std::error_code code;
        fs::remove(damageMark(path), code);  // looked into; where it stays, the next start looks again
    }
    TERNION_TRY(auto database, Database::connect(path));
    // With a WAL, NORMAL keeps every committed transaction when the program is killed; only a power cut may lose the last ones.
    TERNION_CHECK(
        database.script("PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA foreign_keys=ON;"
                        "PRAGMA trusted_schema=OFF"));
    TERNION_CHECK(migrate(database, migrations, path));
    const bool alone = path.empty() || lock.alone();
    return DatabaseFile{std::move(lock), std::move(database), alone, std::move(notice)};
}

}  // namespace ternion
