// Telling whether bytes are the ones that somebody else had.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace ternion {

/// SHA-256 of `bytes`, as 64 hexadecimal digits in lower case. Unsupported where this system forbids it.
Result<std::string> sha256(std::string_view bytes);

}  // namespace ternion
