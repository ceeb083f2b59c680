// Characters of UTF-8 text that may be ill-formed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ternion::utf8 {

/// Bytes of the well-formed character `text` begins with; 0 where it is ill-formed or cut off. `text` is not empty.
std::size_t wellFormedLength(std::string_view text);

/// The same, but 1 for an ill-formed byte, so that a walk always advances.
inline std::size_t characterLength(std::string_view text) {
    const std::size_t length = wellFormedLength(text);
    return length > 0 ? length : 1;
}

/// The code point of the character `text` begins with; U+FFFD where it is ill-formed.
std::uint32_t codePoint(std::string_view text);

/// True if `text`, which is ill-formed, could become a character by bytes that follow.
bool isUnfinished(std::string_view text);

/// Every maximal ill-formed part becomes one U+FFFD.
std::string lossy(std::string_view text);

inline constexpr std::string_view replacement = "\xEF\xBF\xBD";

}  // namespace ternion::utf8
