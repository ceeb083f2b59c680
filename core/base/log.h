// The engine prints nothing. What is worth knowing goes to one hook that the program sets.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace ternion {

enum class LogLevel { Debug, Info, Warning, Error };

using LogHook = std::function<void(LogLevel, std::string_view message)>;

/// Sets where messages go (nowhere until then). Thread-safe; the hook is called on whichever thread logs, one call at a time,
/// and must not log itself.
void setLogHook(LogHook hook);

/// Sends a message to the hook. Never throws. Prompts and chats are private: they are never logged.
void log(LogLevel level, std::string_view message);

}  // namespace ternion
