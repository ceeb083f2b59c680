// Brings an answer to disk token by token while it is generated.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "engine/session.h"
#include "store/conversation_store.h"

namespace ternion::app {

StoredToken toStored(const GeneratedToken& token);

/// Writes to one message, on whatever thread the tokens come from, until it is closed: what comes later is ignored. The store
/// outlives the closing.
class AnswerRecorder {
public:
    AnswerRecorder(ConversationStore& store, std::int64_t message) : store_(&store), message_(message) {}

    void add(const GeneratedToken& token);
    /// Nothing is written after its return. The error of the last write: the tokens that are not on disk.
    Status close();

private:
    std::mutex mutex_;
    ConversationStore* store_;  // null: closed
    std::int64_t message_;
    std::vector<StoredToken> unsaved_;  // a write that failed is tried again with the next token
    Status status_;
};

}  // namespace ternion::app
