// Reads the simple role-tag form out of a Hugging Face chat template: a loop over messages with a text a role. Nothing is
// evaluated.
#include <map>
#include <optional>

#include "tokenizer/chat_template.h"

namespace ternion {
namespace {

Error unknown(std::string_view what) {
    return {ErrorCode::Unsupported, "this model's chat template uses '" + std::string(what) + "', which is not understood",
            "chat template"};
}

std::string_view trimmed(std::string_view text) {
    constexpr const char* spaces = " \t\r\n";
    const auto first = text.find_first_not_of(spaces);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(spaces) - first + 1);
}

struct Token {
    enum class Kind { Text, Expression, Statement } kind = Kind::Text;
    std::string text;
};

/// Cuts the template at its tags, with the white space around them as the `transformers` package has it (trim_blocks,
/// lstrip_blocks, and the '-' marks).
Result<std::vector<Token>> tokensOf(std::string_view jinja) {
    std::vector<Token> tokens;
    bool trimStart = false;
    bool dropNewline = false;
    while (!jinja.empty()) {
        std::size_t tag = 0;
        while (tag < jinja.size() &&
               !(jinja[tag] == '{' && tag + 1 < jinja.size() && (jinja[tag + 1] == '{' || jinja[tag + 1] == '%')))
            ++tag;
        std::string text(jinja.substr(0, tag));
        jinja.remove_prefix(tag);
        if (trimStart)
            text.erase(0, std::min(text.find_first_not_of(" \t\r\n"), text.size()));
        else if (dropNewline && text.starts_with('\n'))
            text.erase(0, 1);
        const bool statement = jinja.size() > 1 && jinja[1] == '%';
        if (jinja.size() > 2 && jinja[2] == '-') {
            text.erase(text.find_last_not_of(" \t\r\n") + 1);
        } else if (statement) {
            const auto line = text.find_last_not_of(" \t");
            if (line == std::string::npos ? tokens.empty() : text[line] == '\n')
                text.erase(line == std::string::npos ? 0 : line + 1);
        }
        if (!text.empty()) tokens.push_back({Token::Kind::Text, std::move(text)});
        if (jinja.empty()) break;
        const auto end = jinja.find(statement ? "%}" : "}}", 2);
        if (end == std::string_view::npos) return unknown(jinja.substr(0, 20));
        auto inside = jinja.substr(2, end - 2);
        jinja.remove_prefix(end + 2);
        if (inside.starts_with('-')) inside.remove_prefix(1);
        trimStart = inside.ends_with('-');
        if (trimStart) inside.remove_suffix(1);
        dropNewline = statement;
        tokens.push_back({statement ? Token::Kind::Statement : Token::Kind::Expression, std::string(trimmed(inside))});
    }
    return tokens;
}

/// A quoted literal's text; nothing if it is none.
std::optional<std::string> literal(std::string_view text) {
    if (text.size() < 2 || (text[0] != '\'' && text[0] != '"') || text.back() != text[0]) return std::nullopt;
    std::string out;
    for (std::size_t k = 1; k + 1 < text.size(); ++k) {
        if (text[k] == text[0]) return std::nullopt;
        if (text[k] != '\\' || k + 2 >= text.size()) {
            out += text[k];
            continue;
        }
        const char next = text[++k];
        out += next == 'n' ? '\n' : next == 't' ? '\t' : next;
    }
    return out;
}

/// True for `message['field']` and `message.field`.
bool isField(std::string_view term, const std::string& variable, std::string_view field) {
    if (variable.empty() || !term.starts_with(variable)) return false;
    term.remove_prefix(variable.size());
    const std::string name(field);
    return term == "." + name || term == "['" + name + "']" || term == "[\"" + name + "\"]";
}

/// Terms joined by '+', as template text.
Result<std::string> expression(std::string_view text, const std::string& variable) {
    std::string out;
    while (!text.empty()) {
        char quote = '\0';
        std::size_t end = 0;
        for (; end < text.size() && (quote != '\0' || text[end] != '+'); ++end) {
            if (quote != '\0' && text[end] == '\\')
                ++end;
            else if (quote != '\0' ? text[end] == quote : text[end] == '\'' || text[end] == '"')
                quote = quote != '\0' ? '\0' : text[end];
        }
        end = std::min(end, text.size());
        auto term = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(text.size(), end + 1));
        for (const std::string_view trim : {"| trim", "|trim", ".strip()"})
            if (term.ends_with(trim)) term = trimmed(term.substr(0, term.size() - trim.size()));
        if (const auto quoted = literal(term))
            out += *quoted;
        else if (term == "bos_token")
            out += "{bos}";
        else if (term == "eos_token")
            out += "{eos}";
        else if (isField(term, variable, "content"))
            out += "{text}";
        else if (isField(term, variable, "role"))
            out += "{role}";
        else
            return unknown(term);
    }
    return out;
}

/// The role that a condition asks for: `message['role'] == 'user'`.
std::optional<std::string> roleOf(std::string_view condition, const std::string& variable) {
    condition = trimmed(condition);
    if (condition.starts_with('(') && condition.ends_with(')')) condition = condition.substr(1, condition.size() - 2);
    const auto equals = condition.find("==");
    if (equals == std::string_view::npos || !isField(trimmed(condition.substr(0, equals)), variable, "role"))
        return std::nullopt;
    return literal(trimmed(condition.substr(equals + 2)));
}

std::string withRole(std::string form, const std::string& role) {
    constexpr std::string_view mark = "{role}";
    for (std::size_t at = 0; (at = form.find(mark, at)) != std::string::npos; at += role.size())
        form.replace(at, mark.size(), role);
    return form;
}

/// Walks the tokens once, keeping where it is: before, inside or after the loop, and in which branch.
class Reader {
public:
    Status read(const std::vector<Token>& tokens) {
        for (const auto& token : tokens) {
            if (token.kind == Token::Kind::Statement) {
                TERNION_CHECK(statement(token.text));
                continue;
            }
            std::string text = token.text;
            if (token.kind == Token::Kind::Expression) {
                TERNION_TRY(text, expression(token.text, variable_));
            }
            TERNION_CHECK(put(text));
        }
        if (place_ != Place::After || inGenerate_) return unknown("no loop over messages");
        return {};
    }

    Result<ChatTemplate> result() const {
        ChatTemplate out{begin_, {}, {}, {}, generate_};
        for (const auto& [role, form] : {std::pair{"system", &out.system}, {"user", &out.user}, {"assistant", &out.assistant}})
            *form = withRole(prefix_ + branch(role) + suffix_, role);
        if (out.user.find("{text}") == std::string::npos || out.assistant.find("{text}") == std::string::npos)
            return unknown("no text of a user or an assistant");
        if (out.system.find("{text}") == std::string::npos) out.system = ChatTemplate{}.system;
        return out;
    }

private:
    enum class Place { Before, Loop, Branch, AfterBranches, After };

    Status statement(std::string_view text) {
        const auto starts = [&](std::string_view word) { return text.starts_with(word); };
        if (place_ == Place::Before && starts("for ")) {
            const auto in = text.find(" in messages");
            if (in == std::string_view::npos || in + 12 != text.size()) return unknown(text);
            variable_ = std::string(trimmed(text.substr(4, in - 4)));
            place_ = Place::Loop;
        } else if ((place_ == Place::Loop && starts("if ")) || (place_ == Place::Branch && starts("elif "))) {
            const auto role = roleOf(text.substr(text.find(' ')), variable_);
            if (!role) return unknown(text);
            role_ = *role;
            branches_[role_];
            place_ = Place::Branch;
        } else if (place_ == Place::Branch && text == "else") {
            role_ = "";
            branches_[role_];
        } else if (place_ == Place::Branch && text == "endif") {
            place_ = Place::AfterBranches;
        } else if ((place_ == Place::Loop || place_ == Place::AfterBranches) && text == "endfor") {
            place_ = Place::After;
        } else if (place_ == Place::After && !inGenerate_ && text == "if add_generation_prompt") {
            inGenerate_ = true;
        } else if (place_ == Place::After && inGenerate_ && text == "endif") {
            inGenerate_ = false;
        } else {
            return unknown(text);
        }
        return {};
    }

    Status put(const std::string& text) {
        switch (place_) {
            case Place::Before:
                begin_ += text;
                break;
            case Place::Loop:
                prefix_ += text;
                break;
            case Place::Branch:
                branches_[role_] += text;
                break;
            case Place::AfterBranches:
                suffix_ += text;
                break;
            case Place::After:
                if (inGenerate_)
                    generate_ += text;
                else if (!trimmed(text).empty())
                    return unknown(text);
        }
        return {};
    }

    std::string branch(const std::string& role) const {
        if (const auto own = branches_.find(role); own != branches_.end()) return own->second;
        const auto other = branches_.find("");
        return other != branches_.end() ? other->second : std::string();
    }

    Place place_ = Place::Before;
    bool inGenerate_ = false;
    std::string variable_, role_, begin_, prefix_, suffix_, generate_;
    std::map<std::string, std::string> branches_;  // by role; "" is the else branch
};

}  // namespace

Result<ChatTemplate> ChatTemplate::fromJinja(std::string_view jinja) {
    if (trimmed(jinja).empty()) return Error{ErrorCode::Unsupported, "the model has no chat template", "chat template"};
    TERNION_TRY(const auto tokens, tokensOf(jinja));
    Reader reader;
    TERNION_CHECK(reader.read(tokens));
    return reader.result();
}

}  // namespace ternion
