#include "recording.h"

#include <iostream>

#include "runs/run_facts.h"

namespace ternion::cli {

void RecordingOptions::addTo(CLI::App& app, bool hasTexts) {
    store.addTo(app);
    app.add_flag("--no-record", off, "Do not record it as a run");
    if (hasTexts) app.add_flag("--no-texts", noTexts, "Record it without prompt, answer and token ids");
}

std::unique_ptr<RunStore> RecordingOptions::open() const {
    if (off) return nullptr;
    auto opened = store.open();
    if (opened) return *std::move(opened);
    std::cerr << "ternion-cli: this is not recorded: " << opened.error().text() << "\n";
    return nullptr;
}

Recording::Recording(const RecordingOptions& options, const std::shared_ptr<const DeviceModel>& device)
    : store_(options.open()) {
    if (store_) recorder_ = std::make_unique<RunRecorder>(*store_, device);
}

RunFacts Recording::facts(const std::string& kind, const DeviceModel& device, const std::filesystem::path& model) {
    if (!recorder_) return {};
    RunFacts facts = factsOf(kind, device, modelHash_, modelPath(model));
    modelHash_ = facts.model.hash;
    return facts;
}

std::optional<RunSummary> Recording::lastRun() const {
    if (!recorder_ || recorder_->lastRun() == 0) return std::nullopt;
    const auto reader = store_->reader();
    if (!reader) return std::nullopt;
    auto run = (*reader)->load(recorder_->lastRun());
    return run ? std::optional(std::move(*run)) : std::nullopt;
}

void Recording::addTo(nlohmann::ordered_json& json) const {
    if (recorder_ && recorder_->lastRun() != 0) json["run"] = recorder_->lastRun();
}

std::string modelPath(const std::filesystem::path& path) {
    std::error_code failure;
    const auto whole = std::filesystem::absolute(path, failure);
    return (failure ? path : whole.lexically_normal()).string();
}

std::string promptText(const Tokenizer* tokenizer, const std::vector<TokenId>& ids) {
    return tokenizer != nullptr ? tokenizer->decode(ids, true) : std::string();
}

}  // namespace ternion::cli
