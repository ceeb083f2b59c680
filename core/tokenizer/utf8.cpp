#include "tokenizer/utf8.h"

#include <algorithm>

namespace ternion::utf8 {
namespace {

struct Lead {
    std::size_t length;       // of the whole character; 0: no character begins so
    unsigned char low, high;  // allowed range of the second byte (Unicode, table 3-7)
};

Lead leadOf(unsigned char byte) {
    if (byte < 0x80) return {1, 0, 0};
    if (byte < 0xC2) return {0, 0, 0};
    if (byte < 0xE0) return {2, 0x80, 0xBF};
    if (byte == 0xE0) return {3, 0xA0, 0xBF};
    if (byte == 0xED) return {3, 0x80, 0x9F};
    if (byte < 0xF0) return {3, 0x80, 0xBF};
    if (byte == 0xF0) return {4, 0x90, 0xBF};
    if (byte < 0xF4) return {4, 0x80, 0xBF};
    if (byte == 0xF4) return {4, 0x80, 0x8F};
    return {0, 0, 0};
}

/// How many of the bytes a character should have are there and right; at least 1.
std::size_t wellFormedPart(std::string_view text, const Lead& lead) {
    std::size_t part = 1;
    for (; part < std::min(lead.length, text.size()); ++part) {
        const auto byte = static_cast<unsigned char>(text[part]);
        const unsigned char low = part == 1 ? lead.low : 0x80;
        const unsigned char high = part == 1 ? lead.high : 0xBF;
        if (byte < low || byte > high) break;
    }
    return part;
}

}  // namespace

std::size_t wellFormedLength(std::string_view text) {
    const Lead lead = leadOf(static_cast<unsigned char>(text[0]));
    return lead.length > 0 && wellFormedPart(text, lead) == lead.length ? lead.length : 0;
}

std::uint32_t codePoint(std::string_view text) {
    const std::size_t length = wellFormedLength(text);
    if (length == 0) return 0xFFFD;
    if (length == 1) return static_cast<unsigned char>(text[0]);
    std::uint32_t code = static_cast<unsigned char>(text[0]) & (0x7FU >> length);
    for (std::size_t k = 1; k < length; ++k) code = code << 6 | (static_cast<unsigned char>(text[k]) & 0x3FU);
    return code;
}

bool isUnfinished(std::string_view text) {
    const Lead lead = leadOf(static_cast<unsigned char>(text[0]));
    return lead.length > text.size() && wellFormedPart(text, lead) == text.size();
}

std::string lossy(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        if (const std::size_t length = wellFormedLength(text); length > 0) {
            out += text.substr(0, length);
            text.remove_prefix(length);
        } else {
            const Lead lead = leadOf(static_cast<unsigned char>(text[0]));
            out += replacement;
            text.remove_prefix(lead.length > 0 ? wellFormedPart(text, lead) : 1);
        }
    }
    return out;
}

}  // namespace ternion::utf8
