// Conversations, kept in one SQLite file in the user's data folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "backend/intervention.h"
#include "base/result.h"
#include "engine/sampler.h"
#include "tokenizer/chat_template.h"

namespace ternion {

class Database;
struct DatabaseFile;

/// A generated token as the user can look at it later.
struct StoredToken {
    TokenId id = 0;
    std::string text;
    float probability = 0.0F;
    std::vector<TokenProbability> alternatives;
};

struct StoredMessage {
    std::int64_t id = 0;
    Role role = Role::User;
    std::string text;
    std::vector<StoredToken> tokens;  ///< assistant messages
    bool complete = true;             ///< false: the program ended while it was being written
};

struct ConversationSummary {
    std::int64_t id = 0;
    std::string title;
    std::string modelName;
    std::int64_t updatedAt = 0;  ///< seconds since 1970, UTC
    int messages = 0;
};

/// An edit that somebody looks at the conversation with.
struct StoredEdit {
    Edit edit;
    bool active = true;  ///< false: kept, but switched off
    bool operator==(const StoredEdit&) const = default;
};

struct Conversation {
    ConversationSummary summary;
    std::string systemPrompt;
    SamplerSettings sampler;
    int maxTokens = 512;                   ///< the longest answer
    std::vector<StoredMessage> messages;   ///< the current branch, in order
    std::vector<StoredEdit> intervention;  ///< in the order in which they apply
};

/// Owns the database: WAL, foreign keys, `user_version` migrations, file mode 0600. Every call is one transaction, so a
/// killed process loses at most the token in flight. A file that is no database, or damaged, is set aside
/// ("NAME.damaged-DATE"), reported, and a new one begun; it is never deleted. Two programs may have it open at once.
/// May be used by several threads: a call waits for another one's end.
class ConversationStore {
public:
    struct Opened {
        std::unique_ptr<ConversationStore> store;
        std::string notice;  ///< for the user: where a damaged file was put; empty if all is well
    };
    /// Io (read-only folder, full disk) with the system's reason; Unsupported where a newer version made the file, which stays
    /// as it is; BadInput where it is damaged and another program has it open. An empty path: a store in memory, gone at the
    /// end.
    static Result<Opened> open(const std::filesystem::path& path);
    ~ConversationStore();

    Result<std::int64_t> createConversation(std::string_view title, std::string_view modelName);
    Status rename(std::int64_t conversation, std::string_view title);
    Status setModelName(std::int64_t conversation, std::string_view modelName);
    Status setSettings(std::int64_t conversation, std::string_view systemPrompt, const SamplerSettings& sampler, int maxTokens);
    Status setIntervention(std::int64_t conversation, const std::vector<StoredEdit>& intervention);
    /// Kept but hidden until `restore` or the next start: deletion can be undone.
    Status remove(std::int64_t conversation);
    Status restore(std::int64_t conversation);

    /// An assistant's message that begins empty is incomplete until `finishMessage`.
    Result<std::int64_t> appendMessage(std::int64_t conversation, Role role, std::string_view text);
    /// Adds generated tokens to an assistant's message as they stream.
    Status appendTokens(std::int64_t message, const std::vector<StoredToken>& tokens);
    Status finishMessage(std::int64_t message);
    /// Drops a message and all after it from the conversation: what editing or regenerating does first.
    Status truncateFrom(std::int64_t conversation, std::int64_t message);
    /// Cuts an assistant's message to its first `tokens` tokens: continuing from another token does this first.
    Status truncateTokens(std::int64_t message, int tokens);

    /// Newest first; with `search`, those where every word of it is found in the title or some message, ignoring case.
    Result<std::vector<ConversationSummary>> list(std::string_view search = {}) const;
    Result<Conversation> load(std::int64_t conversation) const;

private:
    explicit ConversationStore(std::unique_ptr<DatabaseFile> file);
    std::unique_ptr<DatabaseFile> file_;
    Database& database_;  // file_'s
    mutable std::mutex mutex_;
};

/// The conversation as a document for people, and for programs.
std::string toMarkdown(const Conversation& conversation);
std::string toJson(const Conversation& conversation);

}  // namespace ternion
