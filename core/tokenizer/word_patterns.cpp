#include "tokenizer/word_patterns.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <climits>

#include "tokenizer/utf8.h"

namespace ternion {
namespace {

enum class Kind { Letter, Number, Newline, Space, Other };

Kind kindOf(std::uint32_t code) {
    if (code == '\r' || code == '\n') return Kind::Newline;
    const bool space = (code >= 0x09 && code <= 0x0D) || code == 0x20 || code == 0x85 || code == 0xA0 || code == 0x1680 ||
                       (code >= 0x2000 && code <= 0x200A) || code == 0x2028 || code == 0x2029 || code == 0x202F ||
                       code == 0x205F || code == 0x3000;
    if (space) return Kind::Space;
    switch (utf8proc_category(static_cast<utf8proc_int32_t>(code))) {
        case UTF8PROC_CATEGORY_LU:
        case UTF8PROC_CATEGORY_LL:
        case UTF8PROC_CATEGORY_LT:
        case UTF8PROC_CATEGORY_LM:
        case UTF8PROC_CATEGORY_LO:
            return Kind::Letter;
        case UTF8PROC_CATEGORY_ND:
        case UTF8PROC_CATEGORY_NL:
        case UTF8PROC_CATEGORY_NO:
            return Kind::Number;
        default:
            return Kind::Other;
    }
}

bool isSpace(Kind kind) { return kind == Kind::Space || kind == Kind::Newline; }

/// Walks characters from an offset on.
class Walk {
public:
    Walk(std::string_view text, std::size_t at) : text_(text), at_(at) {}
    bool done() const { return at_ >= text_.size(); }
    Kind kind() const { return kindOf(utf8::codePoint(text_.substr(at_))); }
    std::size_t at() const { return at_; }
    void next() { at_ += utf8::characterLength(text_.substr(at_)); }

    template <class Wanted>
    std::size_t over(Wanted wanted, int most = INT_MAX) {
        for (; most > 0 && !done() && wanted(kind()); --most) next();
        return at_;
    }

private:
    std::string_view text_;
    std::size_t at_;
};

std::size_t contraction(std::string_view text, bool anyCase) {
    if (text[0] != '\'') return 0;
    constexpr std::array<std::string_view, 7> endings{"s", "t", "re", "ve", "m", "ll", "d"};
    for (const auto ending : endings) {
        const auto tail = text.substr(1, ending.size());
        const bool same =
            tail.size() == ending.size() && std::equal(tail.begin(), tail.end(), ending.begin(), [&](char a, char b) {
                return a == b || (anyCase && a >= 'A' && a <= 'Z' && a - 'A' + 'a' == b);
            });
        if (same) return 1 + ending.size();
    }
    return 0;
}

/// \s+(?!\S)|\s+ : white space up to the last character of it, which belongs to the word that follows.
std::size_t spaces(std::string_view text) {
    Walk walk(text, 0);
    std::size_t beforeLast = 0;
    while (!walk.done() && isSpace(walk.kind())) {
        beforeLast = walk.at();
        walk.next();
    }
    return walk.done() || beforeLast == 0 ? walk.at() : beforeLast;
}

}  // namespace

std::optional<WordPattern> wordPatternOf(std::string_view regex) {
    if (regex == R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)") return WordPattern::Gpt2;
    constexpr std::string_view contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|";
    if (!regex.starts_with(contractions)) return std::nullopt;
    regex.remove_prefix(contractions.size());
    if (regex == R"([^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)")
        return WordPattern::Llama3;
    if (regex == R"([^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)")
        return WordPattern::Qwen2;
    return std::nullopt;
}

std::size_t wordLength(WordPattern pattern, std::string_view text) {
    const bool gpt2 = pattern == WordPattern::Gpt2;
    if (const std::size_t length = contraction(text, !gpt2); length > 0) return length;
    const auto letter = [](Kind kind) { return kind == Kind::Letter; };
    const auto number = [](Kind kind) { return kind == Kind::Number; };
    const auto other = [](Kind kind) { return kind == Kind::Other; };
    const std::size_t afterSpace = text[0] == ' ' ? 1 : 0;
    if (gpt2) {
        for (const auto& wanted : {+letter, +number, +other})
            if (const std::size_t end = Walk(text, afterSpace).over(wanted); end > afterSpace) return end;
        return spaces(text);
    }
    // One character that is no letter, number or line end may stand before the letters.
    Walk lead(text, 0);
    if (const Kind kind = lead.kind(); kind == Kind::Space || kind == Kind::Other) lead.next();
    const std::size_t start = lead.at();
    if (const std::size_t end = lead.over(letter); end > start) return end;
    if (const std::size_t end = Walk(text, 0).over(number, pattern == WordPattern::Llama3 ? 3 : 1); end > 0) return end;
    Walk punctuation(text, afterSpace);
    if (punctuation.over(other) > afterSpace) return punctuation.over([](Kind kind) { return kind == Kind::Newline; });
    // \s*[\r\n]+ : white space up to its last line end.
    std::size_t afterNewline = 0;
    for (Walk walk(text, 0); !walk.done() && isSpace(walk.kind());) {
        const bool newline = walk.kind() == Kind::Newline;
        walk.next();
        if (newline) afterNewline = walk.at();
    }
    return afterNewline > 0 ? afterNewline : spaces(text);
}

}  // namespace ternion
