// Where a user's files belong (XDG base directories), for programs; the engine is always told.
#pragma once

#include <filesystem>

namespace ternion {

/// $XDG_CACHE_HOME/ternion or ~/.cache/ternion: what may be thrown away. Empty where the environment names no home; nothing is
/// made.
std::filesystem::path userCacheFolder();

}  // namespace ternion
