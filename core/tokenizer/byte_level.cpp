#include "tokenizer/byte_level.h"

#include <array>
#include <cstdint>

#include "tokenizer/utf8.h"

namespace ternion {
namespace {

/// Code point of each byte: itself where it is printable Latin-1, else 256 and up, in order.
constexpr auto codeOfByte = [] {
    std::array<std::uint32_t, 256> codes{};
    std::uint32_t next = 256;
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        const bool printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
        codes[byte] = printable ? byte : next++;
    }
    return codes;
}();

constexpr std::uint32_t highestCode = 256 + 67;

constexpr auto byteOfCode = [] {
    std::array<int, highestCode + 1> bytes{};
    for (int& byte : bytes) byte = -1;
    for (int byte = 0; byte < 256; ++byte) bytes[codeOfByte[static_cast<std::size_t>(byte)]] = byte;
    return bytes;
}();

}  // namespace

std::string toByteLevel(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const std::uint32_t code = codeOfByte[static_cast<unsigned char>(c)];
        if (code < 0x80) {
            text += static_cast<char>(code);
        } else {
            text += static_cast<char>(0xC0 | code >> 6);
            text += static_cast<char>(0x80 | (code & 0x3F));
        }
    }
    return text;
}

std::string fromByteLevel(std::string_view text) {
    std::string bytes;
    while (!text.empty()) {
        const std::size_t length = utf8::characterLength(text);
        const std::uint32_t code = utf8::codePoint(text);
        if (code <= highestCode && byteOfCode[code] >= 0)
            bytes += static_cast<char>(byteOfCode[code]);
        else
            bytes += text.substr(0, length);
        text.remove_prefix(length);
    }
    return bytes;
}

}  // namespace ternion
