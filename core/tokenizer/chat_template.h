// How a conversation becomes the text that a chat model was trained on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tokenizer/tokenizer.h"

namespace ternion {

enum class Role { System, User, Assistant };

/// "system", "user", "assistant".
const char* roleName(Role role);

struct ChatMessage {
    Role role = Role::User;
    std::string text;
};

/// A template as the user sees and edits it: what a turn of each role looks like. `{bos}` and `{eos}` stand for the model's own
/// tokens, `{text}` for the message; `generate` is put after the last user turn, where the answer begins. The sample model's is
///   begin "{bos}", system "{text}\n", user "<|user|>{text}<|assistant|>", assistant "{text}{eos}", generate "".
/// A base model has no roles: `plain()` joins the texts and lets the model continue.
struct ChatTemplate {
    std::string begin = "{bos}";
    std::string system = "{text}\n";
    std::string user = "{text}";
    std::string assistant = "{text}";
    std::string generate;

    static ChatTemplate plain() { return {}; }
    static ChatTemplate roleTags();

    /// Recognises the simple role-tag form in a Hugging Face Jinja template; Unsupported for one we cannot
    /// express (the caller falls back to `plain()` and says so). Never evaluates anything.
    static Result<ChatTemplate> fromJinja(std::string_view jinja);

    /// One line a field, as the settings show it and the store keeps it; parse() reads it back. BadInput names the line.
    std::string toText() const;
    static Result<ChatTemplate> parse(std::string_view text);

    bool operator==(const ChatTemplate&) const = default;
};

/// Token ids of the whole conversation, ending where the assistant's next turn begins. Tags of the template become special
/// tokens; what people typed never does, so a message cannot forge a turn.
std::vector<TokenId> renderChat(const ChatTemplate& chatTemplate, std::span<const ChatMessage> messages,
                                const Tokenizer& tokenizer, const ModelConfig& config);

}  // namespace ternion
