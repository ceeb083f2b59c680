// JSON from files and networks of trust unknown.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ternion {

/// Parses `text`. BadInput with the byte offset where it is no JSON, or where it nests deeper than 64: nothing of ours does,
/// and a gigabyte of brackets is refused at the 65th. `context` (a file's name) goes into the error.
Result<nlohmann::json> parseJson(std::string_view text, std::string context);

}  // namespace ternion
