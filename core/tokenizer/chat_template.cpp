#include "tokenizer/chat_template.h"

#include <array>

namespace ternion {
namespace {

constexpr std::string_view textMark = "{text}";

std::string replaced(std::string text, std::string_view mark, std::string_view by) {
    for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += by.size())
        text.replace(at, mark.size(), by);
    return text;
}

struct Field {
    std::string_view name;
    std::string ChatTemplate::*value;
};

constexpr std::array fields{Field{"begin", &ChatTemplate::begin}, Field{"system", &ChatTemplate::system},
                            Field{"user", &ChatTemplate::user}, Field{"assistant", &ChatTemplate::assistant},
                            Field{"generate", &ChatTemplate::generate}};

const std::string& formOf(const ChatTemplate& chatTemplate, Role role) {
    switch (role) {
        case Role::System:
            return chatTemplate.system;
        case Role::User:
            return chatTemplate.user;
        case Role::Assistant:
            break;
    }
    return chatTemplate.assistant;
}

/// Collects a conversation as alternating stretches of template (special tokens count) and of people's text (they do not).
class Writer {
public:
    Writer(const Tokenizer& tokenizer, const ModelConfig& config) : tokenizer_(tokenizer) {
        bos_ = config.bosId >= 0 ? tokenizer.piece(config.bosId) : std::string();
        eos_ = config.eosId >= 0 ? tokenizer.piece(config.eosId) : std::string();
    }

    void form(const std::string& form, const std::string& text) {
        const std::string whole = replaced(replaced(form, "{bos}", bos_), "{eos}", eos_);
        std::size_t from = 0;
        for (std::size_t at = 0; (at = whole.find(textMark, from)) != std::string::npos; from = at + textMark.size()) {
            literal(std::string_view(whole).substr(from, at - from));
            plain_ += text;
        }
        literal(std::string_view(whole).substr(from));
    }

    std::vector<TokenId> finish() {
        flush();
        return std::move(ids_);
    }

private:
    /// Literal text of the template: its special tokens become ids, the rest joins the plain text around it, since a tokenizer
    /// sees no seam there.
    void literal(std::string_view text) {
        while (!text.empty()) {
            const auto [at, id, length] = firstSpecial(text);
            plain_ += text.substr(0, at);
            if (length == 0) return;
            flush();
            ids_.push_back(id);
            text.remove_prefix(at + length);
        }
    }

    struct Found {
        std::size_t at;
        TokenId id;
        std::size_t length;  // 0: none
    };
    Found firstSpecial(std::string_view text) const {
        // Special pieces are short and begin with a bracket in every known vocabulary; try each "<...>" or "[...]".
        for (std::size_t at = 0; at < text.size(); ++at) {
            const char close = text[at] == '<' ? '>' : text[at] == '[' ? ']' : '\0';
            const std::size_t end = close != '\0' ? text.find(close, at) : std::string_view::npos;
            if (end == std::string_view::npos) continue;
            const auto piece = text.substr(at, end + 1 - at);
            if (const auto id = tokenizer_.idOf(piece); id && tokenizer_.isSpecial(*id)) return {at, *id, piece.size()};
        }
        return {text.size(), 0, 0};
    }

    void flush() {
        if (plain_.empty()) return;
        const auto ids = tokenizer_.encode(plain_, false);
        ids_.insert(ids_.end(), ids.begin(), ids.end());
        plain_.clear();
    }

    const Tokenizer& tokenizer_;
    std::string bos_;
    std::string eos_;
    std::string plain_;
    std::vector<TokenId> ids_;
};

}  // namespace

const char* roleName(Role role) {
    switch (role) {
        case Role::System:
            return "system";
        case Role::User:
            return "user";
        case Role::Assistant:
            return "assistant";
    }
    return "";
}

ChatTemplate ChatTemplate::roleTags() { return {"{bos}", "{text}\n", "<|user|>{text}<|assistant|>", "{text}{eos}", ""}; }

std::string ChatTemplate::toText() const {
    std::string out;
    for (const auto& field : fields) {
        std::string value = replaced(this->*field.value, "\\", "\\\\");
        out += std::string(field.name) + ": " + replaced(std::move(value), "\n", "\\n") + "\n";
    }
    return out;
}

Result<ChatTemplate> ChatTemplate::parse(std::string_view text) {
    ChatTemplate parsed;
    parsed.begin = parsed.system = parsed.user = parsed.assistant = parsed.generate = "";
    bool userSeen = false;
    for (int number = 1; !text.empty(); ++number) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (line.empty()) continue;
        const auto wrong = [&](const std::string& what) {
            return Error{ErrorCode::BadInput, "line " + std::to_string(number) + ": " + what, "chat template"};
        };
        const auto colon = line.find(':');
        const Field* found = nullptr;
        for (const auto& field : fields)
            if (colon != std::string_view::npos && line.substr(0, colon) == field.name) found = &field;
        if (found == nullptr) return wrong("expected begin:, system:, user:, assistant: or generate:");
        auto value = line.substr(colon + 1);
        if (value.starts_with(' ')) value.remove_prefix(1);
        std::string& out = parsed.*found->value;
        for (std::size_t k = 0; k < value.size(); ++k) {
            if (value[k] != '\\') {
                out += value[k];
                continue;
            }
            if (++k == value.size() || (value[k] != 'n' && value[k] != '\\'))
                return wrong("after a backslash, write n or another backslash");
            out += value[k] == 'n' ? '\n' : '\\';
        }
        userSeen = userSeen || found->name == "user";
    }
    if (!userSeen || parsed.user.find(textMark) == std::string::npos)
        return Error{ErrorCode::BadInput, "the line 'user:' has to hold {text}, where the message goes", "chat template"};
    return parsed;
}

std::vector<TokenId> renderChat(const ChatTemplate& chatTemplate, std::span<const ChatMessage> messages,
                                const Tokenizer& tokenizer, const ModelConfig& config) {
    Writer writer(tokenizer, config);
    writer.form(chatTemplate.begin, {});
    for (const auto& message : messages) writer.form(formOf(chatTemplate, message.role), message.text);
    if (!messages.empty() && messages.back().role == Role::User) writer.form(chatTemplate.generate, {});
    return writer.finish();
}

}  // namespace ternion
