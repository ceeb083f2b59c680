// What bench, generate, chat, compare and replay do is recorded as runs, unless the user does not want it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "command.h"
#include "runs/run_recorder.h"
#include "store_options.h"

namespace ternion::cli {

/// `--store`, `--no-record`, and `--no-texts` where there are texts.
struct RecordingOptions {
    StoreOptions store;
    bool off = false;
    bool noTexts = false;

    void addTo(CLI::App& app, bool hasTexts);
    /// Null where the user wants none, and where it cannot be opened: that is told once on stderr.
    std::unique_ptr<RunStore> open() const;
};

/// The runs of one device, for as long as it lives. Where they cannot be recorded, it warns once on stderr and does nothing:
/// what the user asked for goes on.
class Recording {
public:
    Recording(const RecordingOptions& options, const std::shared_ptr<const DeviceModel>& device);

    RunRecorder* recorder() const { return recorder_.get(); }  ///< null: nothing is recorded
    /// What factsOf says of a model of this path; nothing where nothing is recorded: hashing a model takes a while.
    RunFacts facts(const std::string& kind, const DeviceModel& device, const std::filesystem::path& model);
    /// Of the run that was begun last; nothing where none was, or where it cannot be read.
    std::optional<RunSummary> lastRun() const;
    /// Adds `"run": its number`, where there is one.
    void addTo(nlohmann::ordered_json& json) const;

private:
    std::unique_ptr<RunStore> store_;  // recorder_ writes there
    std::unique_ptr<RunRecorder> recorder_;
    std::string modelHash_;  // empty: not known yet
};

/// Where a model was opened from, as a run remembers it.
std::string modelPath(const std::filesystem::path& path);
/// What a model is given, special tokens spelled out; empty without a tokenizer.
std::string promptText(const Tokenizer* tokenizer, const std::vector<TokenId>& ids);

}  // namespace ternion::cli
