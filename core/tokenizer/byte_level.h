// GPT-2's alphabet: every byte as a printable character.
#pragma once

#include <string>
#include <string_view>

namespace ternion {

/// Each byte becomes its character.
std::string toByteLevel(std::string_view bytes);

/// Back to bytes; nothing of the alphabet stays as it is.
std::string fromByteLevel(std::string_view text);

}  // namespace ternion
