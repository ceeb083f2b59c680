// What a person who helps needs to know about this machine.
#pragma once

#include <QString>

namespace ternion::app {

class EngineClient;

/// Versions, system, devices and drivers, and the open model's shape and hash, as Markdown. Never a prompt, a chat or a path.
QString diagnostics(const EngineClient& engine);

}  // namespace ternion::app
