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

constexpr std::string_view runs = R"(
CREATE TABLE models (
    id INTEGER PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,           -- of the configuration, all trits and all scales
    name TEXT NOT NULL,
    path TEXT NOT NULL,                  -- where it was opened from last; empty: random trits, or never opened here
    parameters INTEGER NOT NULL,
    unoptimised_bytes INTEGER NOT NULL   -- with 16 bits a weight
);
CREATE TABLE devices (
    id INTEGER PRIMARY KEY,
    backend TEXT NOT NULL,               -- cpu, vulkan, fpga
    name TEXT NOT NULL,
    driver TEXT NOT NULL,
    memory_bytes INTEGER NOT NULL,
    pci_address TEXT NOT NULL,
    software INTEGER NOT NULL,           -- 1: runs on the host's processor
    UNIQUE (backend, name, driver, memory_bytes, pci_address)
);
CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,                  -- chat, generate, bench, replay
    model INTEGER NOT NULL REFERENCES models,
    device INTEGER NOT NULL REFERENCES devices,
    device_index INTEGER NOT NULL,       -- among the devices of its backend, then
    packing TEXT NOT NULL,               -- 2bit, dense
    profile TEXT NOT NULL,               -- float, fixed
    program TEXT NOT NULL,
    shader_hash TEXT NOT NULL,
    temperature REAL NOT NULL,
    top_k INTEGER NOT NULL,
    top_p REAL NOT NULL,
    min_p REAL NOT NULL,
    repetition_penalty REAL NOT NULL,
    repetition_window INTEGER NOT NULL,
    seed INTEGER NOT NULL,               -- the 64 bits of an unsigned number
    max_tokens INTEGER NOT NULL,
    settings TEXT NOT NULL,              -- JSON: what else this kind of run takes
    sweep TEXT NOT NULL,                 -- runs of one sweep share it
    conversation INTEGER REFERENCES conversations ON DELETE SET NULL,
    started_at INTEGER NOT NULL,         -- milliseconds since 1970, as the clock stood
    state INTEGER NOT NULL,              -- 0 running, 1 finished, 2 stopped, 3 failed
    seconds REAL NOT NULL,
    error TEXT NOT NULL,
    owner TEXT NOT NULL,                 -- the process that writes it; where that has gone, a running one was interrupted
    origin TEXT NOT NULL,                -- the file it was imported from; empty: it ran here
    note TEXT NOT NULL DEFAULT '',
    baseline INTEGER NOT NULL DEFAULT 0,
    removed_by TEXT NOT NULL DEFAULT ''  -- the process that hid it; deleted when that has gone
);
CREATE TABLE run_tags (
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (run, tag)
) WITHOUT ROWID;
CREATE TABLE run_texts (
    run INTEGER PRIMARY KEY REFERENCES runs ON DELETE CASCADE,
    prompt,                              -- NULL: not recorded
    prompt_ids BLOB,                     -- int32, little-endian
    answer
);
CREATE TABLE run_edits (
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    position INTEGER NOT NULL,           -- 0, 1, 2, … in the order in which they apply
    tensor TEXT NOT NULL,
    layer INTEGER NOT NULL,
    first_channel INTEGER NOT NULL,
    channels INTEGER NOT NULL,
    kind INTEGER NOT NULL,               -- 0 pin, 1 scale, 2 clamp
    a REAL NOT NULL,
    b REAL NOT NULL,
    PRIMARY KEY (run, position)
) WITHOUT ROWID;
CREATE TABLE figures (
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    name TEXT NOT NULL,                  -- decode_tok_s, …
    value REAL,                          -- NULL: it could not be had
    unit TEXT NOT NULL,
    source TEXT NOT NULL,                -- measured, vendor-estimate, modelled; empty where there is no value
    missing TEXT NOT NULL DEFAULT '',    -- why there is no value
    PRIMARY KEY (run, name)
) WITHOUT ROWID;
CREATE TABLE series (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    name TEXT NOT NULL,                  -- token_latency, memory.weights, power.gpu, …
    unit TEXT NOT NULL,
    source TEXT NOT NULL,
    period REAL NOT NULL,                -- seconds between two new values of the sensor; 0: each is an event
    detail TEXT NOT NULL,                -- which sensor
    missing TEXT NOT NULL,               -- why there are no samples (any more); empty: there are
    p50 REAL, p90 REAL, p99 REAL,        -- of all samples, once the run has ended
    UNIQUE (run, name)
);
CREATE TABLE samples (
    series INTEGER NOT NULL REFERENCES series ON DELETE CASCADE,
    time INTEGER NOT NULL,               -- nanoseconds since the run began, on a steady clock
    value REAL NOT NULL,
    PRIMARY KEY (series, time)
) WITHOUT ROWID;
CREATE TABLE sample_blocks (             -- 256 consecutive samples each, so that plots of millions are quick
    series INTEGER NOT NULL REFERENCES series ON DELETE CASCADE,
    first INTEGER NOT NULL,              -- times
    last INTEGER NOT NULL,
    count INTEGER NOT NULL,
    least REAL NOT NULL,
    most REAL NOT NULL,
    sum REAL NOT NULL,
    PRIMARY KEY (series, first)
) WITHOUT ROWID;
CREATE TABLE run_tokens (
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    position INTEGER NOT NULL,           -- 0, 1, 2, … of the answer
    time INTEGER NOT NULL,               -- that of its sample of token_latency
    token INTEGER,                       -- NULL: not recorded
    PRIMARY KEY (run, position)
) WITHOUT ROWID;
CREATE TABLE kernels (
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    prefill INTEGER NOT NULL,            -- 1: of a pass of many tokens
    position INTEGER NOT NULL,           -- in the pass
    tokens INTEGER NOT NULL,             -- of the pass
    layer INTEGER NOT NULL,              -- -1: in none
    kernel TEXT NOT NULL,
    seconds REAL NOT NULL,
    weight_bytes INTEGER NOT NULL,
    PRIMARY KEY (run, prefill, position)
) WITHOUT ROWID;
CREATE TABLE annotations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    seconds REAL,                        -- since the run began; NULL: of the whole run
    text TEXT NOT NULL
);
CREATE INDEX annotations_of_run ON annotations (run);
CREATE INDEX runs_of_conversation ON runs (conversation);
CREATE TABLE views (                     -- saved by name
    name TEXT PRIMARY KEY,
    json TEXT NOT NULL
) WITHOUT ROWID;
)";

constexpr std::string_view comparisons = R"(
CREATE TABLE comparisons (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    started_at INTEGER NOT NULL,         -- milliseconds since 1970, as the clock stood
    report TEXT NOT NULL,                -- JSON: what was found; what was said is with the runs
    baseline INTEGER NOT NULL DEFAULT 0  -- 1: others are judged against it
);
CREATE TABLE comparison_sides (
    comparison INTEGER NOT NULL REFERENCES comparisons ON DELETE CASCADE,
    side INTEGER NOT NULL,               -- 0, 1, 2: A, B, C
    run INTEGER REFERENCES runs ON DELETE SET NULL,  -- NULL: it was not recorded, or is no more
    PRIMARY KEY (comparison, side)
) WITHOUT ROWID;
CREATE INDEX comparison_sides_of_run ON comparison_sides (run);
)";

constexpr std::array all = {conversations, longestAnswer, edits, runs, comparisons};

}  // namespace

std::span<const std::string_view> migrations() { return all; }

}  // namespace ternion
