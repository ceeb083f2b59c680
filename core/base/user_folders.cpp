#include "base/user_folders.h"

#include <cstdlib>

namespace ternion {
namespace {

std::filesystem::path folderIn(const char* variable) {
    const char* value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): nobody sets it
    const std::filesystem::path path = value != nullptr ? value : "";
    return path.is_absolute() ? path : std::filesystem::path();
}

std::filesystem::path userFolder(const char* variable, const std::filesystem::path& inHome) {
    if (const auto folder = folderIn(variable); !folder.empty()) return folder / "ternion";
    const auto home = folderIn("HOME");
    return home.empty() ? home : home / inHome / "ternion";
}

}  // namespace

std::filesystem::path userCacheFolder() { return userFolder("XDG_CACHE_HOME", ".cache"); }

std::filesystem::path userDataFolder() { return userFolder("XDG_DATA_HOME", ".local/share"); }

}  // namespace ternion
