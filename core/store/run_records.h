// What the store keeps of a run. A run is one thing that a model was asked to do on one device: an answer, a benchmark.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "engine/sampler.h"
#include "measure/source.h"

namespace ternion {

/// Equal models have equal hashes (Model::hash()).
struct ModelRecord {
    std::string hash;
    std::string name;
    std::string path;  ///< where it was opened from; empty for random trits, and in bundles
    std::int64_t parameters = 0;
    std::uint64_t unoptimisedBytes = 0;  ///< the same model with 16 bits a weight: 2 * parameters
};

/// What a run begins with, and what running it again takes.
struct RunFacts {
    std::string kind;  ///< "chat", "generate", "bench", "replay", "compare"
    ModelRecord model;
    DeviceInfo device;
    std::string packing;  ///< "2bit", "dense"
    std::string profile = "float";
    std::string program;      ///< name and version
    std::string shaderHash;   ///< of all kernels that are built in
    SamplerSettings sampler;  ///< with the seed
    int maxTokens = 0;
    std::string settings;           ///< JSON: what else the kind of run needs to be run again (a benchmark's plan, a preset)
    std::string sweep;              ///< runs of one sweep share a name; empty: none
    std::int64_t conversation = 0;  ///< that an answer belongs to; 0: none
    std::vector<Edit> intervention;
};

/// What was said in a run; nullopt: not recorded.
struct RunTexts {
    std::optional<std::string> prompt;  ///< as the model was given it
    std::optional<std::vector<TokenId>> promptIds;
    std::optional<std::string> answer;
};

enum class RunState : std::uint8_t {
    Running,
    Finished,
    Stopped,      ///< by the user
    Failed,       ///< with an error
    Interrupted,  ///< the program that wrote it is gone
};
std::string_view nameOf(RunState state);  ///< "running", "finished", ...

/// A result of a run: one number with its unit and where it comes from. Names are stable ("decode_tok_s").
struct Figure {
    std::string name;
    double value = 0.0;
    std::string unit;
    Source source = Source::Measured;
};

/// A result that could not be had.
struct MissingFigure {
    std::string name;
    std::string reason;  ///< and what to do about it
};

/// How a run ended.
struct RunEnd {
    RunState state = RunState::Finished;
    double seconds = 0.0;
    std::string error;
    std::vector<Figure> figures;
    std::vector<MissingFigure> missing = {};
    std::optional<std::string> answer = {};  ///< nullopt: texts are not recorded
};

/// A quantity over the time of a run. One that could not be measured is there too, with the reason and no sample.
struct SeriesFacts {
    std::int64_t id = 0;
    std::string name;  ///< "token_latency", "prefill_pass", "memory.weights", "power.gpu", ...
    std::string unit;  ///< "s", "B", "W", "J"
    Source source = Source::Measured;
    double period = 0.0;  ///< seconds between two new values of the sensor; 0: each sample is an event of its own
    std::string detail;   ///< which sensor
    std::string missing;  ///< why there are no samples; empty: it can be measured
};

struct Sample {
    std::int64_t time = 0;  ///< nanoseconds since the run began, on a steady clock
    double value = 0.0;
};

struct TokenRecord {
    int position = 0;       ///< 0, 1, 2, ... of the answer
    std::int64_t time = 0;  ///< when it came: the sample of "token_latency" at the same time is its latency
    TokenId token = 0;      ///< -1: texts are not recorded
};

/// A dispatch of one pass, timed apart from the run itself.
struct KernelRecord {
    bool prefill = false;
    int tokens = 1;  ///< of the pass
    KernelTime time;
};

/// What a user wrote beside a moment of a run, or beside all of it.
struct Annotation {
    std::int64_t id = 0;
    std::optional<double> seconds;  ///< since the run began
    std::string text;
};

struct RunSummary {
    std::int64_t id = 0;
    RunFacts facts;
    RunState state = RunState::Running;
    std::int64_t startedAt = 0;  ///< milliseconds since 1970, UTC, by the clock of that moment: ids, not this, give the order
    double seconds = 0.0;
    std::string error;
    std::vector<Figure> figures;         ///< by name
    std::vector<MissingFigure> missing;  ///< by name
    std::vector<std::string> tags;       ///< sorted
    std::string note;
    bool baseline = false;
    std::string origin;  ///< the file that it was imported from: a foreign run; empty: it ran here
    const Figure* figure(std::string_view name) const;  ///< null: it has none; `missing` may say why
};

/// Runs that were made side by side.
struct ComparisonRecord {
    std::int64_t id = 0;
    std::int64_t startedAt = 0;      ///< milliseconds since 1970, UTC
    std::vector<std::int64_t> runs;  ///< of side A, B, ...; 0: it was not recorded, or is no more
    std::string report;              ///< JSON, as `ternion-cli compare` prints it but for what was said: that is with the runs
    bool baseline = false;           ///< that others are judged against; one at most
};

}  // namespace ternion
