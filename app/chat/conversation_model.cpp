#include "chat/conversation_model.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "chat/answer_recorder.h"
#include "chat/answer_tokens.h"
#include "engine/engine_client.h"
#include "shell/settings.h"

namespace ternion::app {
namespace {

constexpr int shownAlternatives = 8;

std::string titleFrom(const QString& text) {
    constexpr int longest = 60;
    const QString line = text.trimmed().section('\n', 0, 0).simplified();
    return (line.size() > longest ? line.left(longest - 1).trimmed() + QChar(0x2026) : line).toStdString();
}

bool isDeviceFailure(const Error& error) {
    return error.code == ErrorCode::DeviceLost || error.code == ErrorCode::DeviceOutOfMemory;
}

QString explained(const Error& error) {
    const QString text = QString::fromStdString(error.text());
    return isDeviceFailure(error)
               ? ConversationModel::tr("%1. Choose another device: the answer goes on there from where it is.").arg(text)
               : text;
}

}  // namespace

ConversationModel::ConversationModel(ConversationStore& store, EngineClient& engine, QObject* parent)
    : QObject(parent), store_(store), engine_(engine) {
    connect(&engine_, &EngineClient::modelOpened, this, &ConversationModel::onModelOpened);
    connect(&engine_, &EngineClient::deviceChanged, this, &ConversationModel::onDeviceChanged);
    connect(&engine_, &EngineClient::failed, this, &ConversationModel::onOpeningFailed);
    connect(&engine_, &EngineClient::tokensGenerated, this, [this](const std::vector<GeneratedToken>& generated) {
        if (!answering_ || waitsForModel_) return;  // of a conversation that has been left
        std::vector<StoredToken> tokens;
        tokens.reserve(generated.size());
        for (const auto& token : generated) tokens.push_back(toStored(token));
        tokensWanted_ -= static_cast<int>(tokens.size());
        appendTokens(tokens);
    });
    connect(&engine_, &EngineClient::answerFinished, this, &ConversationModel::onAnswerFinished);
    if (engine_.model()) onModelOpened();
    const auto known = list({});
    if (known.empty())
        startNew();
    else
        open(known.front().id);
}

ConversationModel::~ConversationModel() {
    if (recorder_) static_cast<void>(recorder_->close());  // the engine may be writing still, and the store go next
}

std::vector<ConversationSummary> ConversationModel::list(const QString& search) const {
    auto found = store_.list(search.toStdString());
    if (found) return std::move(*found);
    log(LogLevel::Error, found.error().text());
    return {};
}

void ConversationModel::startNew() { show({}); }

void ConversationModel::open(std::int64_t id) {
    auto loaded = store_.load(id);
    if (!loaded) {
        keep(loaded.error());
        return;
    }
    show(std::move(*loaded));
}

void ConversationModel::show(Conversation conversation) {
    stop();
    if (answering_) {  // the engine's last words about it come too late
        closeRecorder();
        auto& message = conversation_.messages.back();
        truncateTokens(message, static_cast<int>(message.tokens.size()));  // what nobody has seen
        finish({});
    }
    deviceFailed_ = false;
    conversation_ = std::move(conversation);
    samplerIsRecommended_ = conversation_.summary.id == 0;
    if (samplerIsRecommended_) conversation_.sampler = recommended();
    emit opened();
    emit settingsChanged();
}

void ConversationModel::rename(std::int64_t id, const QString& title) {
    keep(store_.rename(id, title.toStdString()));
    if (id == conversation_.summary.id) conversation_.summary.title = title.toStdString();
    emit listChanged();
}

void ConversationModel::remove(std::int64_t id) {
    if (id == conversation_.summary.id) startNew();
    keep(store_.remove(id));
    removed_ = id;
    emit listChanged();
}

void ConversationModel::undoRemove() {
    if (!removed_) return;
    keep(store_.restore(*removed_));
    open(*std::exchange(removed_, std::nullopt));
    emit listChanged();
}

QString ConversationModel::exported(std::int64_t id, bool asJson) const {
    const auto loaded = store_.load(id);
    if (loaded) return QString::fromStdString(asJson ? toJson(*loaded) : toMarkdown(*loaded));
    log(LogLevel::Error, loaded.error().text());
    return {};
}

void ConversationModel::send(const QString& text) {
    if (answering_ || text.trimmed().isEmpty() || !canAnswer()) return;
    if (conversation_.messages.empty()) {
        auto& summary = conversation_.summary;
        summary.title = titleFrom(text);
        const auto created = store_.createConversation(summary.title, summary.modelName);
        if (created) summary.id = *created;
        keep(created ? Status() : created.error());
        applySettings();
    }
    append(Role::User, text.toStdString());
    emit listChanged();
    answer(conversation_.maxTokens);
}

void ConversationModel::regenerate() {
    auto& messages = conversation_.messages;
    if (answering_ || messages.empty() || !canAnswer()) return;
    if (messages.back().role == Role::Assistant) {
        truncateFrom(messages.size() - 1);
        ++conversation_.sampler.seed;
        applySettings();
        emit opened();
    }
    answer(conversation_.maxTokens);
}

void ConversationModel::editMessage(int index, const QString& text) {
    const auto at = static_cast<std::size_t>(index);
    if (answering_ || at >= conversation_.messages.size() || text.trimmed().isEmpty()) return;
    const Role role = conversation_.messages[at].role;
    if (role == Role::User && !canAnswer()) return;
    truncateFrom(at);
    emit opened();
    append(role, text.toStdString());
    if (role == Role::User) answer(conversation_.maxTokens);
}

void ConversationModel::continueFrom(int index, int token, TokenId alternative) {
    const auto at = static_cast<std::size_t>(index);
    if (answering_ || at >= conversation_.messages.size() || !canAnswer()) return;
    const auto& tokens = conversation_.messages[at].tokens;
    if (token < 0 || static_cast<std::size_t>(token) >= tokens.size()) return;
    const auto model = engine_.model();
    if (!model || !isFrom(*model, conversation_.messages[at])) {
        emit problem(tr("This answer was written by another model. Open that model, or regenerate the answer with this one."));
        return;
    }
    if (at + 1 < conversation_.messages.size()) truncateFrom(at + 1);
    auto& message = conversation_.messages[at];
    StoredToken chosen = message.tokens[static_cast<std::size_t>(token)];
    truncateTokens(message, token);
    const bool ends = alternative == model->checkpoint.model->config.eosId;
    if (!ends) {
        chosen.id = alternative;
        chosen.text = textAfter(*model, chatTemplate_, conversation_, at, alternative);
        const auto& others = chosen.alternatives;
        const auto known =
            std::find_if(others.begin(), others.end(), [&](const auto& other) { return other.id == alternative; });
        chosen.probability = known == others.end() ? 0.0F : known->probability;
        message.tokens.push_back(chosen);
        message.text += chosen.text;
        if (message.id != 0) keep(store_.appendTokens(message.id, {chosen}));
    }
    emit opened();
    if (ends) {
        if (message.id != 0) keep(store_.finishMessage(message.id));
        message.complete = true;
    } else {
        answer(conversation_.maxTokens);
    }
}

void ConversationModel::continueAnswer() {
    if (answering_ || conversation_.messages.empty() || !canAnswer()) return;
    answer(conversation_.maxTokens);
}

void ConversationModel::stop() {
    if (std::exchange(waitsForModel_, false))
        finish({});
    else if (answering_)
        engine_.stop();
}

void ConversationModel::setSystemPrompt(const QString& text) {
    conversation_.systemPrompt = text.toStdString();
    applySettings();
}

void ConversationModel::setSampler(const SamplerSettings& settings) {
    if (settings == conversation_.sampler) return;
    if (const auto valid = settings.validate(); !valid) {
        keep(valid);
        return;
    }
    conversation_.sampler = settings;
    samplerIsRecommended_ = false;
    applySettings();
}

void ConversationModel::setMaxTokens(int count) {
    if (count == conversation_.maxTokens) return;
    conversation_.maxTokens = std::max(count, 1);
    applySettings();
}

void ConversationModel::resetSampler() {
    conversation_.sampler = recommended();
    samplerIsRecommended_ = true;
    applySettings();
}

void ConversationModel::setChatTemplate(const ChatTemplate& chatTemplate) {
    chatTemplate_ = chatTemplate;
    if (const auto model = engine_.model()) {
        const auto own = chatTemplate == model->chatTemplate ? std::string() : chatTemplate.toText();
        Settings().setChatTemplate(QString::fromStdString(model->hash), QString::fromStdString(own));
    }
    emit settingsChanged();
}

void ConversationModel::onModelOpened() {
    const auto model = engine_.model();
    chatTemplate_ = model->chatTemplate;
    const auto own = Settings().chatTemplate(QString::fromStdString(model->hash)).toStdString();
    if (auto parsed = ChatTemplate::parse(own); parsed) chatTemplate_ = std::move(*parsed);
    if (samplerIsRecommended_) {
        conversation_.sampler = recommended();
        applySettings();
    } else {
        emit settingsChanged();
    }
    deviceFailed_ = false;  // that answer was another model's
    if (waitsForModel_ && !engine_.opening()) ask();
}

void ConversationModel::onOpeningFailed() {
    if (!waitsForModel_ || engine_.opening()) return;
    if (engine_.model()) return ask();
    waitsForModel_ = false;
    finish({});
    canAnswer();  // says what is missing
}

void ConversationModel::onDeviceChanged() {
    if (!deviceFailed_ || answering_) return;
    answer(tokensWanted_);
}

SamplerSettings ConversationModel::recommended() const {
    SamplerSettings settings;
    const auto model = engine_.model();
    if (!model) return settings;
    const auto& defaults = model->checkpoint.generation;
    settings.temperature = defaults.temperature.value_or(settings.temperature);
    settings.topK = defaults.topK.value_or(settings.topK);
    settings.topP = defaults.topP.value_or(settings.topP);
    settings.minP = defaults.minP.value_or(settings.minP);
    settings.repetitionPenalty = defaults.repetitionPenalty.value_or(settings.repetitionPenalty);
    return settings.validate() ? settings : SamplerSettings();
}

/// Whether an answer can be asked for; says what is missing otherwise. While a model is being loaded, the answer waits for it.
bool ConversationModel::canAnswer() {
    const auto model = engine_.model();
    if (engine_.opening() || (model && model->tokenizer)) return true;
    emit problem(model ? tr("This checkpoint has no tokenizer. Open one with a tokenizer to chat.")
                       : tr("No model is open. Open one with File, Open model, or drop a folder on the window."));
    return false;
}

/// Lets the engine write the last answer, from its beginning or behind what is there.
void ConversationModel::answer(int maxTokens) {
    if (conversation_.messages.back().role != Role::Assistant) append(Role::Assistant, {});
    conversation_.messages.back().complete = false;
    tokensWanted_ = maxTokens;
    deviceFailed_ = false;
    answering_ = true;
    emit answeringChanged(true);
    waitsForModel_ = engine_.opening();
    if (!waitsForModel_) ask();
}

void ConversationModel::ask() {
    waitsForModel_ = false;
    const auto model = engine_.model();
    auto& summary = conversation_.summary;
    if (summary.modelName.empty()) {
        summary.modelName = model->checkpoint.model->name;
        if (summary.id != 0) keep(store_.setModelName(summary.id, summary.modelName));
        emit listChanged();
    }
    const auto& message = conversation_.messages.back();
    ChatRequest request;
    request.messages = turnsBefore(conversation_, conversation_.messages.size() - 1);
    request.answerSoFar = answerTokens(*model, message);
    if (chatTemplate_ != model->chatTemplate) request.chatTemplate = chatTemplate_;
    request.options.sampler = conversation_.sampler;
    request.options.maxTokens = tokensWanted_;
    request.options.alternatives = shownAlternatives;
    if (message.id != 0) {
        recorder_ = std::make_shared<AnswerRecorder>(store_, message.id);
        request.onToken = [recorder = recorder_](const GeneratedToken& token) { recorder->add(token); };
    }
    engine_.generate(request);
}

void ConversationModel::onAnswerFinished(const AnswerFinished& finished) {
    if (!answering_ || waitsForModel_) return;
    closeRecorder();
    auto& message = conversation_.messages.back();
    if (!finished.result.tail.empty() && !message.tokens.empty()) {
        // What had been held back belongs to the last token.
        StoredToken last = message.tokens.back();
        last.text += finished.result.tail;
        truncateTokens(message, static_cast<int>(message.tokens.size()) - 1);
        if (message.id != 0) keep(store_.appendTokens(message.id, {last}));
        appendTokens({last});
    }
    QString trouble;
    if (finished.error)
        trouble = explained(*finished.error);
    else if (message.text.empty() && finished.result.reason == StopReason::EndOfText)
        trouble = tr("The model ended its answer before the first word. Regenerate it, or ask in another way.");
    finish(trouble);
    deviceFailed_ = finished.error && isDeviceFailure(*finished.error);
}

void ConversationModel::closeRecorder() {
    if (recorder_) keep(std::exchange(recorder_, nullptr)->close());
}

void ConversationModel::finish(const QString& trouble) {
    auto& messages = conversation_.messages;
    auto& message = messages.back();
    const int index = static_cast<int>(messages.size()) - 1;
    answering_ = false;
    if (message.text.empty()) {  // no answer at all: the question stands open
        truncateFrom(messages.size() - 1);
        emit opened();
    } else {
        message.complete = true;
        if (message.id != 0) keep(store_.finishMessage(message.id));
        emit messageFinished(index);
    }
    emit answeringChanged(false);
    emit listChanged();
    if (!trouble.isEmpty()) emit problem(trouble);
}

void ConversationModel::append(Role role, const std::string& text) {
    StoredMessage message{0, role, text, {}, true};
    if (conversation_.summary.id != 0) {
        const auto stored = store_.appendMessage(conversation_.summary.id, role, text);
        if (stored) message.id = *stored;
        keep(stored ? Status() : stored.error());
    }
    conversation_.messages.push_back(std::move(message));
    emit messageAppended(static_cast<int>(conversation_.messages.size()) - 1);
}

/// Shows them: the recorder has written them to disk.
void ConversationModel::appendTokens(const std::vector<StoredToken>& tokens) {
    auto& message = conversation_.messages.back();
    const int first = static_cast<int>(message.tokens.size());
    message.tokens.insert(message.tokens.end(), tokens.begin(), tokens.end());
    message.text += joined(tokens);
    emit tokensAppended(static_cast<int>(conversation_.messages.size()) - 1, first);
}

void ConversationModel::truncateTokens(StoredMessage& message, int count) {
    const std::string before(written(message));
    message.tokens.resize(static_cast<std::size_t>(count));
    message.text = before + joined(message.tokens);
    if (message.id != 0) keep(store_.truncateTokens(message.id, count));
}

void ConversationModel::truncateFrom(std::size_t index) {
    auto& messages = conversation_.messages;
    if (messages[index].id != 0) keep(store_.truncateFrom(conversation_.summary.id, messages[index].id));
    messages.resize(index);
    deviceFailed_ = false;
}

void ConversationModel::applySettings() {
    const auto& [summary, systemPrompt, sampler, maxTokens, messages] = conversation_;
    if (summary.id != 0) keep(store_.setSettings(summary.id, systemPrompt, sampler, maxTokens));
    emit settingsChanged();
}

void ConversationModel::keep(const Status& status) {
    if (status) return;
    log(LogLevel::Error, status.error().text());
    emit problem(QString::fromStdString(status.error().text()));
}

}  // namespace ternion::app
