#include "store/migrations.h"

#include <array>

namespace ternion {
namespace {

// Ids are never used twice (AUTOINCREMENT): one that a panel still holds cannot come to mean something else.
constexpr std::string_view conversations = R"(
CREATE TABLE conversations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title NOT NULL,
    model_name NOT NULL,
    system_prompt NOT NULL DEFAULT '',
    temperature REAL NOT NULL DEFAULT 0,
    top_k INTEGER NOT NULL DEFAULT 0,
    top_p REAL NOT NULL DEFAULT 1,
    min_p REAL NOT NULL DEFAULT 0,
    repetition_penalty REAL NOT NULL DEFAULT 1,
    repetition_window INTEGER NOT NULL DEFAULT 0,
    seed INTEGER NOT NULL DEFAULT 0,     -- the 64 bits of an unsigned number
    updated_at INTEGER NOT NULL,         -- milliseconds since 1970
    removed INTEGER NOT NULL DEFAULT 0   -- hidden, deleted at the next start
);
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation INTEGER NOT NULL REFERENCES conversations ON DELETE CASCADE,
    role INTEGER NOT NULL,               -- 0 system, 1 user, 2 assistant
    text NOT NULL,                       -- of an answer: what stands before its tokens
    complete INTEGER NOT NULL
);
CREATE INDEX messages_of_conversation ON messages (conversation);
CREATE TABLE tokens (
    message INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,
    position INTEGER NOT NULL,           -- 0, 1, 2, …
    token INTEGER NOT NULL,
    text NOT NULL,
    probability REAL,
    alternatives BLOB NOT NULL,          -- pairs of int32 token and float32 probability, little-endian
    PRIMARY KEY (message, position)
) WITHOUT ROWID;
)";

constexpr std::string_view longestAnswer = "ALTER TABLE conversations ADD COLUMN max_tokens INTEGER NOT NULL DEFAULT 512";

constexpr std::string_view edits = R"(
CREATE TABLE edits (
    conversation INTEGER NOT NULL REFERENCES conversations ON DELETE CASCADE,
    position INTEGER NOT NULL,           -- 0, 1, 2, … in the order in which they apply
    active INTEGER NOT NULL,
    tensor TEXT NOT NULL,                -- as files and the command line call it: forget_gate, …
    layer INTEGER NOT NULL,
    first_channel INTEGER NOT NULL,
    channels INTEGER NOT NULL,           -- 0: all from the first on
    kind INTEGER NOT NULL,               -- 0 pin, 1 scale, 2 clamp
    a REAL NOT NULL,
    b REAL NOT NULL,
    PRIMARY KEY (conversation, position)
) WITHOUT ROWID;
)";

constexpr std::array all = {conversations, longestAnswer, edits};

}  // namespace

std::span<const std::string_view> migrations() { return all; }

}  // namespace ternion
