// From the texts of a conversation to the tokens that a model goes on from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/engine_client.h"
#include "store/conversation_store.h"

namespace ternion::app {

std::string joined(const std::vector<StoredToken>& tokens);

/// What stands in an answer before its tokens: where a person has written it.
std::string_view written(const StoredMessage& message);

/// The system prompt and the first `count` messages.
std::vector<ChatMessage> turnsBefore(const Conversation& conversation, std::size_t count);

/// Whether the tokens of an answer are this model's: it reads them as the text that is shown. False without a tokenizer.
bool isFrom(const OpenModel& model, const StoredMessage& message);

/// The answer as this model's tokens: its own as they are, another's encoded anew from the text. Empty without a tokenizer.
std::vector<TokenId> answerTokens(const OpenModel& model, const StoredMessage& message);

/// The text that token `next` adds to message `index`. The model has a tokenizer.
std::string textAfter(const OpenModel& model, const ChatTemplate& chatTemplate, const Conversation& conversation,
                      std::size_t index, TokenId next);

}  // namespace ternion::app
