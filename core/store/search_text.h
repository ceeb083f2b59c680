// Search that ignores case in every script.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ternion {

/// `text` with the differences of case gone (Unicode case folding, composed), and every white space a plain one. Both Turkish
/// i's become "i", so that "istanbul" finds "İSTANBUL" whatever the user's language. Ill-formed bytes become U+FFFD.
std::string foldCase(std::string_view text);

std::vector<std::string> foldedWords(std::string_view text);

}  // namespace ternion
