#include "base/json.h"

#include <nlohmann/json.hpp>

namespace ternion {
namespace {

constexpr int deepest = 64;

/// Offset of the bracket that nests too deep, or npos.
std::size_t tooDeepAt(std::string_view text) {
    int depth = 0;
    bool inString = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (inString) {
            if (c == '\\') ++at;
            if (c == '"') inString = false;
        } else if (c == '"') {
            inString = true;
        } else if (c == '[' || c == '{') {
            if (++depth > deepest) return at;
        } else if (c == ']' || c == '}') {
            --depth;
        }
    }
    return std::string_view::npos;
}

}  // namespace

Result<nlohmann::json> parseJson(std::string_view text, std::string context) {
    if (const auto at = tooDeepAt(text); at != std::string_view::npos)
        return Error{ErrorCode::BadInput, "it nests deeper than 64 levels at byte " + std::to_string(at), std::move(context)};
    try {
        return nlohmann::json::parse(text);
    } catch (const nlohmann::json::parse_error& error) {
        return Error{ErrorCode::BadInput, "it is not valid JSON at byte " + std::to_string(error.byte), std::move(context)};
    } catch (const nlohmann::json::out_of_range&) {
        return Error{ErrorCode::BadInput, "it holds a number too large to represent", std::move(context)};
    }
}

}  // namespace ternion
