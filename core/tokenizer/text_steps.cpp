#include "tokenizer/text_steps.h"

#include <utf8proc.h>

#include <charconv>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>

#include "tokenizer/byte_level.h"
#include "tokenizer/utf8.h"
#include "tokenizer/word_patterns.h"

namespace ternion {
namespace {

using Json = nlohmann::json;

Error unsupported(const char* step, const std::string& what) {
    return {ErrorCode::Unsupported, "the " + std::string(step) + " '" + what + "' is not known", "tokenizer.json"};
}

Error bad(const char* step, const std::string& what) {
    return {ErrorCode::BadInput, what, "tokenizer.json: " + std::string(step)};
}

std::string textOr(const Json& object, const char* name, std::string otherwise) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::move(otherwise);
}

bool flagOr(const Json& object, const char* name, bool otherwise) {
    const auto found = object.find(name);
    return found != object.end() && found->is_boolean() ? found->get<bool>() : otherwise;
}

/// Steps of a "Sequence": the list `name` of `object`, each made by `make`.
template <class Step>
Result<std::vector<Step>> sequence(const Json& object, const char* name, Result<Step> (*make)(const Json&)) {
    const auto list = object.find(name);
    if (list == object.end() || !list->is_array()) return bad(name, "a Sequence without its list");
    std::vector<Step> steps;
    for (const auto& item : *list) {
        TERNION_TRY(auto step, make(item));
        steps.push_back(std::move(step));
    }
    return steps;
}

std::string replaceAll(std::string text, std::string_view pattern, std::string_view content) {
    std::string out;
    std::size_t from = 0;
    for (std::size_t at = 0; (at = text.find(pattern, from)) != std::string::npos; from = at + pattern.size()) {
        out.append(text, from, at - from);
        out += content;
    }
    if (from == 0) return text;
    return out.append(text, from);
}

struct Replacement {
    std::string pattern;
    std::string content;
};

Result<Replacement> readReplacement(const Json& object, const char* step) {
    const auto pattern = object.find("pattern");
    if (pattern == object.end() || !pattern->is_object()) return bad(step, "Replace without a pattern");
    if (pattern->contains("Regex")) return unsupported(step, "Replace by a regular expression");
    Replacement replacement{textOr(*pattern, "String", ""), textOr(object, "content", "")};
    if (replacement.pattern.empty()) return bad(step, "Replace of an empty text");
    return replacement;
}

/// A Unicode normal form; ill-formed text stays as it is.
std::string unicodeForm(const std::string& text, int options) {
    utf8proc_uint8_t* mapped = nullptr;
    const auto size =
        utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                     &mapped, static_cast<utf8proc_option_t>(options));
    const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(mapped, &std::free);
    if (size < 0) return text;
    return {reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(size)};
}

/// Metaspace, as a pre-tokeniser or a decoder.
struct Metaspace {
    enum class Prepend { Always, First, Never } prepend = Prepend::Always;
    std::string replacement;
    bool split = true;
};

Result<Metaspace> readMetaspace(const Json& object) {
    Metaspace metaspace;
    metaspace.replacement = textOr(object, "replacement", "\xE2\x96\x81");
    metaspace.split = flagOr(object, "split", true);
    if (metaspace.replacement.empty()) return bad("Metaspace", "its replacement is empty");
    const std::string scheme = textOr(object, "prepend_scheme", flagOr(object, "add_prefix_space", true) ? "always" : "never");
    if (scheme == "first")
        metaspace.prepend = Metaspace::Prepend::First;
    else if (scheme == "never")
        metaspace.prepend = Metaspace::Prepend::Never;
    else if (scheme != "always")
        return unsupported("prepend_scheme", scheme);
    return metaspace;
}

/// Applies `split` to every section; it appends what the section becomes.
template <class Split>
PreTokeniser splitting(Split split) {
    return [split](std::vector<Section>& sections) {
        std::vector<Section> words;
        for (auto& section : sections) split(std::move(section), words);
        sections = std::move(words);
    };
}

void splitByPattern(WordPattern pattern, const Section& section, std::vector<Section>& words) {
    bool first = section.first;
    for (std::string_view rest = section.text; !rest.empty(); first = false) {
        const std::size_t length = wordLength(pattern, rest);
        words.push_back({std::string(rest.substr(0, length)), first});
        rest.remove_prefix(length);
    }
}

PreTokeniser metaspaceWords(const Metaspace& metaspace) {
    return splitting([metaspace](Section section, std::vector<Section>& words) {
        const std::string& mark = metaspace.replacement;
        std::string text = replaceAll(std::move(section.text), " ", mark);
        const bool wanted = metaspace.prepend == Metaspace::Prepend::Always ||
                            (metaspace.prepend == Metaspace::Prepend::First && section.first);
        if (wanted && !text.starts_with(mark)) text.insert(0, mark);
        bool first = section.first;
        for (std::size_t from = 0; from < text.size(); first = false) {
            std::size_t end = metaspace.split
                                  ? text.find(mark, from + (text.compare(from, mark.size(), mark) == 0 ? mark.size() : 0))
                                  : std::string::npos;
            end = std::min(end, text.size());
            words.push_back({text.substr(from, end - from), first});
            from = end;
        }
    });
}

PreTokeniser byteLevelWords(const Json& object) {
    const bool prefix = flagOr(object, "add_prefix_space", true);
    const bool pattern = flagOr(object, "use_regex", true);
    return splitting([prefix, pattern](Section section, std::vector<Section>& words) {
        if (prefix && !section.text.starts_with(' ')) section.text = ' ' + section.text;
        const std::size_t begin = words.size();
        if (pattern)
            splitByPattern(WordPattern::Gpt2, section, words);
        else
            words.push_back(std::move(section));
        for (std::size_t k = begin; k < words.size(); ++k) words[k].text = toByteLevel(words[k].text);
    });
}

PreTokeniser digitWords(bool individual) {
    return splitting([individual](const Section& section, std::vector<Section>& words) {
        bool first = section.first;
        bool inDigits = false;
        std::string word;
        const auto flush = [&] {
            if (!word.empty()) {
                words.push_back({std::exchange(word, {}), first});
                first = false;
            }
        };
        for (std::string_view rest = section.text; !rest.empty();) {
            const std::size_t length = utf8::characterLength(rest);
            const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(utf8::codePoint(rest)));
            const bool digit =
                category == UTF8PROC_CATEGORY_ND || category == UTF8PROC_CATEGORY_NL || category == UTF8PROC_CATEGORY_NO;
            if (digit != inDigits || (digit && individual)) flush();
            inDigits = digit;
            word += rest.substr(0, length);
            rest.remove_prefix(length);
        }
        flush();
    });
}

/// "<0x0A>" -> 10; -1 for any other piece.
int byteOfPiece(const std::string& piece) {
    unsigned byte = 0;
    if (piece.size() != 6 || !piece.starts_with("<0x") || piece.back() != '>') return -1;
    const auto parsed = std::from_chars(piece.data() + 3, piece.data() + 5, byte, 16);
    return parsed.ec == std::errc() && parsed.ptr == piece.data() + 5 ? static_cast<int>(byte) : -1;
}

void byteFallback(std::vector<std::string>& pieces) {
    std::vector<std::string> out;
    std::string bytes;
    const auto flush = [&] {
        bool wellFormed = true;
        for (std::string_view rest = bytes; wellFormed && !rest.empty(); rest.remove_prefix(utf8::characterLength(rest)))
            wellFormed = utf8::wellFormedLength(rest) > 0;
        if (wellFormed) {
            if (!bytes.empty()) out.push_back(bytes);
        } else {
            for (std::size_t k = 0; k < bytes.size(); ++k) out.emplace_back(utf8::replacement);
        }
        bytes.clear();
    };
    for (auto& piece : pieces) {
        if (const int byte = byteOfPiece(piece); byte >= 0) {
            bytes += static_cast<char>(byte);
        } else {
            flush();
            out.push_back(std::move(piece));
        }
    }
    flush();
    pieces = std::move(out);
}

void strip(std::string& piece, const std::string& content, std::int64_t start, std::int64_t stop) {
    for (; start > 0 && piece.starts_with(content); --start) piece.erase(0, content.size());
    for (; stop > 0 && piece.ends_with(content); --stop) piece.resize(piece.size() - content.size());
}

}  // namespace

Result<Normaliser> makeNormaliser(const Json& description) {
    if (description.is_null()) return Normaliser([](std::string text) { return text; });
    const std::string type = description.is_object() ? textOr(description, "type", "") : "";
    if (type == "Sequence") {
        TERNION_TRY(const auto steps, sequence<Normaliser>(description, "normalizers", makeNormaliser));
        return Normaliser([steps](std::string text) {
            for (const auto& step : steps) text = step(std::move(text));
            return text;
        });
    }
    if (type == "Prepend")
        return Normaliser([prefix = textOr(description, "prepend", "")](std::string text) {
            if (!text.empty()) text.insert(0, prefix);
            return text;
        });
    if (type == "Replace") {
        TERNION_TRY(const auto replacement, readReplacement(description, "normalizer"));
        return Normaliser(
            [replacement](std::string text) { return replaceAll(std::move(text), replacement.pattern, replacement.content); });
    }
    if (type == "Strip") {
        const bool left = flagOr(description, "strip_left", true);
        const bool right = flagOr(description, "strip_right", true);
        return Normaliser([left, right](std::string text) {
            constexpr const char* spaces = " \t\r\n\v\f";
            if (right) text.erase(text.find_last_not_of(spaces) + 1);
            if (left) text.erase(0, std::min(text.find_first_not_of(spaces), text.size()));
            return text;
        });
    }
    constexpr int stable = UTF8PROC_STABLE;
    for (const auto& [name, options] : {std::pair{"NFC", stable | UTF8PROC_COMPOSE},
                                        {"NFD", stable | UTF8PROC_DECOMPOSE},
                                        {"NFKC", stable | UTF8PROC_COMPOSE | UTF8PROC_COMPAT},
                                        {"NFKD", stable | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT}})
        if (type == name)
            return Normaliser([options = options](const std::string& text) { return unicodeForm(text, options); });
    return unsupported("normalizer", type);
}

Result<PreTokeniser> makePreTokeniser(const Json& description) {
    if (description.is_null()) return PreTokeniser([](std::vector<Section>&) {});
    const std::string type = description.is_object() ? textOr(description, "type", "") : "";
    if (type == "Sequence") {
        TERNION_TRY(const auto steps, sequence<PreTokeniser>(description, "pretokenizers", makePreTokeniser));
        return PreTokeniser([steps](std::vector<Section>& sections) {
            for (const auto& step : steps) step(sections);
        });
    }
    if (type == "ByteLevel") return byteLevelWords(description);
    if (type == "Metaspace") {
        TERNION_TRY(const auto metaspace, readMetaspace(description));
        return metaspaceWords(metaspace);
    }
    if (type == "Digits") return digitWords(flagOr(description, "individual_digits", false));
    if (type == "Split") {
        const auto pattern = description.find("pattern");
        const std::string regex = pattern != description.end() && pattern->is_object() ? textOr(*pattern, "Regex", "") : "";
        const auto known = wordPatternOf(regex);
        if (!known || textOr(description, "behavior", "") != "Isolated" || flagOr(description, "invert", false))
            return unsupported("pre-tokenizer", "Split by " + regex);
        return splitting(
            [known](const Section& section, std::vector<Section>& words) { splitByPattern(*known, section, words); });
    }
    return unsupported("pre-tokenizer", type);
}

Result<Decoder> makeDecoder(const Json& description) {
    if (description.is_null())  // the package puts a space between pieces then
        return Decoder([](std::vector<std::string>& pieces) {
            for (std::size_t k = 1; k < pieces.size(); ++k) pieces[k] = ' ' + pieces[k];
        });
    const std::string type = description.is_object() ? textOr(description, "type", "") : "";
    if (type == "Sequence") {
        TERNION_TRY(const auto steps, sequence<Decoder>(description, "decoders", makeDecoder));
        return Decoder([steps](std::vector<std::string>& pieces) {
            for (const auto& step : steps) step(pieces);
        });
    }
    if (type == "Replace") {
        TERNION_TRY(const auto replacement, readReplacement(description, "decoder"));
        return Decoder([replacement](std::vector<std::string>& pieces) {
            for (auto& piece : pieces) piece = replaceAll(std::move(piece), replacement.pattern, replacement.content);
        });
    }
    if (type == "ByteFallback") return Decoder(byteFallback);
    if (type == "Fuse")
        return Decoder([](std::vector<std::string>& pieces) {
            std::string all;
            for (const auto& piece : pieces) all += piece;
            pieces.clear();
            pieces.push_back(std::move(all));
        });
    if (type == "Strip") {
        const auto count = [&](const char* name) {
            const auto found = description.find(name);
            return found != description.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
        };
        const std::string content = textOr(description, "content", "");
        if (content.empty()) return bad("decoder", "Strip of an empty text");
        return Decoder([content, start = count("start"), stop = count("stop")](std::vector<std::string>& pieces) {
            for (auto& piece : pieces) strip(piece, content, start, stop);
        });
    }
    if (type == "Metaspace") {
        TERNION_TRY(const auto metaspace, readMetaspace(description));
        return Decoder([metaspace](std::vector<std::string>& pieces) {
            for (std::size_t k = 0; k < pieces.size(); ++k) {
                const bool drop = k == 0 && metaspace.prepend != Metaspace::Prepend::Never;
                pieces[k] = replaceAll(std::move(pieces[k]), metaspace.replacement, drop ? "" : " ");
            }
        });
    }
    if (type == "ByteLevel")
        return Decoder([](std::vector<std::string>& pieces) {
            std::string bytes;
            for (const auto& piece : pieces) bytes += fromByteLevel(piece);
            pieces.assign(1, utf8::lossy(bytes));
        });
    return unsupported("decoder", type);
}

}  // namespace ternion
