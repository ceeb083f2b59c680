#include "store/conversation_store.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "store/database_file.h"
#include "store/edit_columns.h"
#include "store/migrations.h"
#include "store/search_text.h"
#include "store/utc_time.h"

namespace ternion {
namespace {

static_assert(sizeof(TokenProbability) == 8 && std::endian::native == std::endian::little,
              "alternatives are stored as they lie in memory");

std::string_view packed(const std::vector<TokenProbability>& alternatives) {
    return {reinterpret_cast<const char*>(alternatives.data()), alternatives.size() * sizeof(TokenProbability)};
}

std::vector<TokenProbability> unpacked(const std::string& bytes) {
    std::vector<TokenProbability> alternatives(bytes.size() / sizeof(TokenProbability));
    if (!alternatives.empty()) std::memcpy(alternatives.data(), bytes.data(), alternatives.size() * sizeof(TokenProbability));
    return alternatives;
}

Error noSuch(const char* what, std::int64_t id) {
    return {ErrorCode::NotFound, std::string("there is no such ") + what + " any more (number " + std::to_string(id) + ")", {}};
}

/// An UPDATE or DELETE that must find its conversation.
Status change(Database& database, std::int64_t conversation, std::string_view sql, std::initializer_list<SqlValue> values) {
    TERNION_CHECK(database.run(sql, values));
    if (!database.changedRows()) return noSuch("conversation", conversation);
    return {};
}

Status touch(Database& database, std::int64_t conversation) {
    return change(database, conversation, "UPDATE conversations SET updated_at = ?2 WHERE id = ?1 AND NOT removed",
                  {conversation, utcMilliseconds()});
}

/// The conversation of an assistant's message; NotFound.
Result<std::int64_t> conversationOfAnswer(const Database& database, std::int64_t message) {
    TERNION_TRY(const auto conversation, database.number("SELECT conversation FROM messages WHERE id = ? AND role = ?",
                                                         {message, static_cast<std::int64_t>(Role::Assistant)}));
    if (conversation == 0) return noSuch("answer", message);
    return conversation;
}

Result<std::vector<StoredToken>> loadTokens(const Database& database, std::int64_t message) {
    TERNION_TRY(auto rows, database.query("SELECT token, text, probability, alternatives FROM tokens "
                                          "WHERE message = ? ORDER BY position",
                                          {message}));
    std::vector<StoredToken> tokens;
    for (;;) {
        TERNION_TRY(const bool row, rows.step());
        if (!row) return tokens;
        tokens.push_back(
            {static_cast<TokenId>(rows.integer(0)), rows.bytes(1), static_cast<float>(rows.real(2)), unpacked(rows.bytes(3))});
    }
}

Result<std::vector<StoredMessage>> loadMessages(const Database& database, std::int64_t conversation) {
    TERNION_TRY(auto rows, database.query("SELECT id, role, text, complete FROM messages WHERE conversation = ? ORDER BY id",
                                          {conversation}));
    std::vector<StoredMessage> messages;
    for (;;) {
        TERNION_TRY(const bool row, rows.step());
        if (!row) return messages;
        StoredMessage message{rows.integer(0),
                              static_cast<Role>(std::clamp<std::int64_t>(rows.integer(1), 0, 2)),
                              rows.bytes(2),
                              {},
                              rows.integer(3) != 0};
        TERNION_TRY(message.tokens, loadTokens(database, message.id));
        for (const auto& token : message.tokens) message.text += token.text;
        messages.push_back(std::move(message));
    }
}

Result<std::vector<StoredEdit>> loadIntervention(const Database& database, std::int64_t conversation) {
    TERNION_TRY(auto rows, database.query("SELECT active, tensor, layer, first_channel, channels, kind, a, b FROM edits "
                                          "WHERE conversation = ? ORDER BY position",
                                          {conversation}));
    std::vector<StoredEdit> intervention;
    for (;;) {
        TERNION_TRY(const bool row, rows.step());
        if (!row) return intervention;
        if (const auto edit = editIn(rows, 1)) intervention.push_back({*edit, rows.integer(0) != 0});
    }
}

constexpr std::string_view summaryColumns =
    "SELECT id, title, model_name, updated_at / 1000, (SELECT count(*) FROM messages WHERE conversation = conversations.id)";

ConversationSummary summaryIn(const Statement& row) {
    return {row.integer(0), row.bytes(1), row.bytes(2), row.integer(3), static_cast<int>(row.integer(4))};
}

/// Takes out of `words` those that `text` contains.
void strike(std::vector<std::string>& words, std::string_view text) {
    const std::string folded = foldCase(text);
    std::erase_if(words, [&](const std::string& word) { return folded.find(word) != std::string::npos; });
}

/// Reads the texts only: loading whole tokens takes several times as long.
Result<bool> containsAll(const Database& database, const ConversationSummary& summary, std::vector<std::string> words) {
    strike(words, summary.title);
    if (words.empty()) return true;
    TERNION_TRY(auto rows, database.query("SELECT id, text FROM messages WHERE conversation = ?", {summary.id}));
    while (!words.empty()) {
        TERNION_TRY(const bool row, rows.step());
        if (!row) return false;
        std::string text = rows.bytes(1);
        TERNION_TRY(auto tokens,
                    database.query("SELECT text FROM tokens WHERE message = ? ORDER BY position", {rows.integer(0)}));
        for (;;) {
            TERNION_TRY(const bool token, tokens.step());
            if (!token) break;
            text += tokens.bytes(0);
        }
        strike(words, text);
    }
    return true;
}

}  // namespace

ConversationStore::ConversationStore(std::unique_ptr<DatabaseFile> file) : file_(std::move(file)), database_(file_->database) {}

ConversationStore::~ConversationStore() = default;

Result<ConversationStore::Opened> ConversationStore::open(const std::filesystem::path& path) {
    TERNION_TRY(auto file, openDatabaseFile(path, migrations()));
    // While another program has it open, its user may still undo a removal.
    if (file.alone) TERNION_CHECK(file.database.run("DELETE FROM conversations WHERE removed"));
    file.lock.share();
    std::string notice = std::move(file.notice);
    auto owned = std::make_unique<DatabaseFile>(std::move(file));
    return Opened{std::unique_ptr<ConversationStore>(new ConversationStore(std::move(owned))), std::move(notice)};
}

Result<std::int64_t> ConversationStore::createConversation(std::string_view title, std::string_view modelName) {
    const std::lock_guard lock(mutex_);
    TERNION_CHECK(database_.run("INSERT INTO conversations (title, model_name, updated_at) VALUES (?, ?, ?)",
                                {title, modelName, utcMilliseconds()}));
    return database_.lastInsertId();
}

Status ConversationStore::rename(std::int64_t conversation, std::string_view title) {
    const std::lock_guard lock(mutex_);
    return change(database_, conversation, "UPDATE conversations SET title = ?2 WHERE id = ?1 AND NOT removed",
                  {conversation, title});
}

Status ConversationStore::setModelName(std::int64_t conversation, std::string_view modelName) {
    const std::lock_guard lock(mutex_);
    return change(database_, conversation, "UPDATE conversations SET model_name = ?2 WHERE id = ?1 AND NOT removed",
                  {conversation, modelName});
}

Status ConversationStore::setSettings(std::int64_t conversation, std::string_view systemPrompt, const SamplerSettings& sampler,
                                      int maxTokens) {
    const std::lock_guard lock(mutex_);
    TERNION_CHECK(sampler.validate());
    return change(database_, conversation,
                  "UPDATE conversations SET system_prompt = ?2, temperature = ?3, top_k = ?4, top_p = ?5, min_p = ?6, "
                  "repetition_penalty = ?7, repetition_window = ?8, seed = ?9, max_tokens = ?10 WHERE id = ?1 AND NOT removed",
                  {conversation, systemPrompt, sampler.temperature, sampler.topK, sampler.topP, sampler.minP,
                   sampler.repetitionPenalty, sampler.repetitionWindow, static_cast<std::int64_t>(sampler.seed), maxTokens});
}

Status ConversationStore::setIntervention(std::int64_t conversation, const std::vector<StoredEdit>& intervention) {
    const std::lock_guard lock(mutex_);
    TERNION_TRY(auto transaction, database_.beginWriting());
    TERNION_CHECK(touch(database_, conversation));
    TERNION_CHECK(database_.run("DELETE FROM edits WHERE conversation = ?", {conversation}));
    for (std::size_t k = 0; k < intervention.size(); ++k) {
        const auto& [edit, active] = intervention[k];
        TERNION_CHECK(
            database_.run("INSERT INTO edits VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                          {conversation, static_cast<std::int64_t>(k), std::int64_t{active}, nameOf(edit.tensor), edit.layer,
                           edit.firstChannel, edit.channels, static_cast<std::int64_t>(edit.kind), edit.a, edit.b}));
    }
    return transaction.commit();
}

Status ConversationStore::remove(std::int64_t conversation) {
    const std::lock_guard lock(mutex_);
    return change(database_, conversation, "UPDATE conversations SET removed = 1 WHERE id = ?", {conversation});
}

Status ConversationStore::restore(std::int64_t conversation) {
    const std::lock_guard lock(mutex_);
    return change(database_, conversation, "UPDATE conversations SET removed = 0 WHERE id = ?", {conversation});
}

Result<std::int64_t> ConversationStore::appendMessage(std::int64_t conversation, Role role, std::string_view text) {
    const std::lock_guard lock(mutex_);
    TERNION_TRY(auto transaction, database_.beginWriting());
    TERNION_CHECK(touch(database_, conversation));
    const bool complete = role != Role::Assistant || !text.empty();
    TERNION_CHECK(database_.run("INSERT INTO messages (conversation, role, text, complete) VALUES (?, ?, ?, ?)",
                                {conversation, static_cast<std::int64_t>(role), text, std::int64_t{complete}}));
    const auto id = database_.lastInsertId();
    TERNION_CHECK(transaction.commit());
    return id;
}

Status ConversationStore::appendTokens(std::int64_t message, const std::vector<StoredToken>& tokens) {
    const std::lock_guard lock(mutex_);
    TERNION_TRY(auto transaction, database_.beginWriting());
    TERNION_TRY([[maybe_unused]] const auto conversation, conversationOfAnswer(database_, message));
    TERNION_CHECK(database_.run("UPDATE messages SET complete = 0 WHERE id = ? AND complete", {message}));
    for (const auto& token : tokens)
        TERNION_CHECK(
            database_.run("INSERT INTO tokens VALUES (?1, (SELECT coalesce(max(position) + 1, 0) FROM tokens WHERE message = "
                          "?1), ?2, ?3, ?4, ?5)",
                          {message, token.id, token.text, token.probability, packed(token.alternatives)}));
    return transaction.commit();
}

Status ConversationStore::finishMessage(std::int64_t message) {
    const std::lock_guard lock(mutex_);
    TERNION_TRY(auto transaction, database_.beginWriting());
    TERNION_TRY(const auto conversation, conversationOfAnswer(database_, message));
    TERNION_CHECK(database_.run("UPDATE messages SET complete = 1 WHERE id = ?", {message}));
    TERNION_CHECK(database_.run("UPDATE conversations SET updated_at = ?2 WHERE id = ?1", {conversation, utcMilliseconds()}));
    return transaction.commit();
}

Status ConversationStore::truncateFrom(std::int64_t conversation, std::int64_t message) {
    const std::lock_guard lock(mutex_);
    TERNION_TRY(auto transaction, database_.beginWriting());
    TERNION_CHECK(touch(database_, conversation));
    TERNION_TRY(const auto found,
                database_.number("SELECT count(*) FROM messages WHERE id = ?2 AND conversation = ?1", {conversation, message}));
    if (found == 0) return noSuch("message", message);
    TERNION_CHECK(database_.run("DELETE FROM messages WHERE conversation = ? AND id >= ?", {conversation, message}));
    return transaction.commit();
}

Status ConversationStore::truncateTokens(std::int64_t message, int tokens) {
    const std::lock_guard lock(mutex_);
    TERNION_TRY(auto transaction, database_.beginWriting());
    TERNION_TRY([[maybe_unused]] const auto conversation, conversationOfAnswer(database_, message));
    TERNION_CHECK(database_.run("UPDATE messages SET complete = 0 WHERE id = ?", {message}));
    TERNION_CHECK(database_.run("DELETE FROM tokens WHERE message = ? AND position >= ?", {message, tokens}));
    return transaction.commit();
}

Result<std::vector<ConversationSummary>> ConversationStore::list(std::string_view search) const {
    const std::lock_guard lock(mutex_);
    const auto words = foldedWords(search);
    TERNION_TRY(const auto transaction, database_.beginReading());
    TERNION_TRY(auto rows, database_.query(std::string(summaryColumns) + " FROM conversations WHERE NOT removed "
                                                                         "ORDER BY updated_at DESC, id DESC"));
    std::vector<ConversationSummary> summaries;
    for (;;) {
        TERNION_TRY(const bool row, rows.step());
        if (!row) return summaries;
        auto summary = summaryIn(rows);
        TERNION_TRY(const bool found, containsAll(database_, summary, words));
        if (found) summaries.push_back(std::move(summary));
    }
}

Result<Conversation> ConversationStore::load(std::int64_t conversation) const {
    const std::lock_guard lock(mutex_);
    TERNION_TRY(const auto transaction, database_.beginReading());
    TERNION_TRY(auto row,
                database_.query(std::string(summaryColumns) +
                                    ", system_prompt, temperature, top_k, top_p, min_p, repetition_penalty, "
                                    "repetition_window, seed, max_tokens FROM conversations WHERE id = ? AND NOT removed",
                                {conversation}));
    TERNION_TRY(const bool found, row.step());
    if (!found) return noSuch("conversation", conversation);
    const auto real = [&](int column) { return static_cast<float>(row.real(column)); };
    const auto integer = [&](int column) { return static_cast<int>(row.integer(column)); };
    Conversation loaded{
        summaryIn(row),
        row.bytes(5),
        {real(6), integer(7), real(8), real(9), real(10), integer(11), static_cast<std::uint64_t>(row.integer(12))},
        integer(13),
        {},
        {}};
    TERNION_TRY(loaded.messages, loadMessages(database_, conversation));
    TERNION_TRY(loaded.intervention, loadIntervention(database_, conversation));
    return loaded;
}

}  // namespace ternion
