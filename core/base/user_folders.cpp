#include "base/user_folders.h"

#include <cstdlib>

namespace ternion {

std::filesystem::path userCacheFolder() {
    const auto folder = [](const char* variable) {
        const char* value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): nobody sets it
        const std::filesystem::path path = value != nullptr ? value : "";
        return path.is_absolute() ? path : std::filesystem::path();
    };
    if (const auto cache = folder("XDG_CACHE_HOME"); !cache.empty()) return cache / "ternion";
    const auto home = folder("HOME");
    return home.empty() ? home : home / ".cache" / "ternion";
}

}  // namespace ternion
