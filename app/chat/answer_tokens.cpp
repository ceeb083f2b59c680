#include "chat/answer_tokens.h"

#include <algorithm>

namespace ternion::app {
namespace {

std::vector<TokenId> idsOf(const std::vector<StoredToken>& tokens) {
    std::vector<TokenId> ids;
    ids.reserve(tokens.size());
    for (const auto& token : tokens) ids.push_back(token.id);
    return ids;
}

}  // namespace

std::string joined(const std::vector<StoredToken>& tokens) {
    std::string text;
    for (const auto& token : tokens) text += token.text;
    return text;
}

std::string_view written(const StoredMessage& message) {
    return std::string_view(message.text).substr(0, message.text.size() - joined(message.tokens).size());
}

std::vector<ChatMessage> turnsBefore(const Conversation& conversation, std::size_t count) {
    std::vector<ChatMessage> turns;
    if (!conversation.systemPrompt.empty()) turns.push_back({Role::System, conversation.systemPrompt});
    for (std::size_t k = 0; k < count; ++k) turns.push_back({conversation.messages[k].role, conversation.messages[k].text});
    return turns;
}

bool isFrom(const OpenModel& model, const StoredMessage& message) {
    if (!model.tokenizer) return false;
    const auto trimmed = [](std::string_view text) { return text.substr(std::min(text.find_first_not_of(' '), text.size())); };
    const std::string decoded = model.tokenizer->decode(idsOf(message.tokens));
    return trimmed(decoded).starts_with(trimmed(joined(message.tokens)));
}

std::vector<TokenId> answerTokens(const OpenModel& model, const StoredMessage& message) {
    if (!model.tokenizer) return {};
    if (!isFrom(model, message)) return model.tokenizer->encode(message.text, false);
    std::vector<TokenId> ids;
    if (const auto text = written(message); !text.empty()) ids = model.tokenizer->encode(text, false);
    const auto generated = idsOf(message.tokens);
    ids.insert(ids.end(), generated.begin(), generated.end());
    return ids;
}

std::string textAfter(const OpenModel& model, const ChatTemplate& chatTemplate, const Conversation& conversation,
                      std::size_t index, TokenId next) {
    auto context = renderChat(chatTemplate, turnsBefore(conversation, index), *model.tokenizer, model.checkpoint.model->config);
    const auto& message = conversation.messages[index];
    if (const auto text = written(message); !text.empty()) context = model.tokenizer->encode(text, false);
    StreamDecoder decoder(model.tokenizer, context);
    for (const auto& token : message.tokens) decoder.append(token.id);
    return decoder.append(next);
}

}  // namespace ternion::app
