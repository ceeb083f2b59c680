// Where a user's files belong (XDG base directories), for programs; the engine is always told.
#pragma once

#include <filesystem>

namespace ternion {

/// $XDG_CACHE_HOME/ternion or ~/.cache/ternion: what may be thrown away. Empty where the environment names no home; nothing is
/// made.
std::filesystem::path userCacheFolder();

/// $XDG_DATA_HOME/ternion or ~/.local/share/ternion: what a user made, the database of conversations and runs. Likewise.
std::filesystem::path userDataFolder();

}  // namespace ternion
