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

std::string titleFrom(const QString& text) {
    constexpr int longest = 60;
    const QString line = text.trimmed().section('\n', 0, 0).simplified();
    return (line.size() > longest ? line.left(longest - 1).trimmed() + QChar(0x2026) : line).toStdString();
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
    if (conversation_.messages.empty()) create(titleFrom(text));
    append(Role::User, text.toStdString());
    emit listChanged();
    answer(conversation_.maxTokens);
}

/// Gives the conversation, as it is now, a place in the store.
void ConversationModel::create(const std::string& title) {
    auto& summary = conversation_.summary;
    summary.title = title;
    const auto created = store_.createConversation(summary.title, summary.modelName);
    summary.id = created ? *created : 0;
    keep(created ? Status() : created.error());
    applySettings();
    if (!conversation_.intervention.empty()) setIntervention(conversation_.intervention);
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
    if (token < 0 || !canCut(index, token + 1)) return;
    const auto model = engine_.model();
    const auto at = static_cast<std::size_t>(index);
    StoredToken chosen = conversation_.messages[at].tokens[static_cast<std::size_t>(token)];
    cut(at, token);
    auto& message = conversation_.messages[at];
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

bool ConversationModel::canCut(int index, int tokens) {
    const auto at = static_cast<std::size_t>(index);
    if (answering_ || at >= conversation_.messages.size() || !canAnswer()) return false;
    const auto& message = conversation_.messages[at];
    if (message.role != Role::Assistant || tokens < 0 || static_cast<std::size_t>(tokens) > message.tokens.size()) return false;
    if (engine_.model() && isFrom(*engine_.model(), message)) return true;
    emit problem(tr("This answer was written by another model. Open that model, or regenerate the answer with this one."));
    return false;
}

/// Drops what follows the first `tokens` tokens of answer `index`.
void ConversationModel::cut(std::size_t index, int tokens) {
    if (index + 1 < conversation_.messages.size()) truncateFrom(index + 1);
    truncateTokens(conversation_.messages[index], tokens);
}

void ConversationModel::continueBehind(int index, int tokens) {
    if (!canCut(index, tokens)) return;
    cut(static_cast<std::size_t>(index), tokens);
    emit opened();
    answer(conversation_.maxTokens);
}

void ConversationModel::forkBehind(int index, int tokens) {
    if (!canCut(index, tokens)) return;
    Conversation fork = conversation_;
    fork.messages.resize(static_cast<std::size_t>(index) + 1);
    const auto messages = std::exchange(fork.messages, {});
    fork.summary.id = 0;
    show(std::move(fork));
    create(tr("%1 (fork)").arg(QString::fromStdString(conversation_.summary.title)).toStdString());
    for (std::size_t k = 0; k < messages.size(); ++k) {
        const StoredMessage& message = messages[k];
        append(message.role, message.tokens.empty() ? message.text : std::string(written(message)));
        if (message.tokens.empty()) continue;
        auto& copied = conversation_.messages.back();
        copied.tokens = message.tokens;
        if (k + 1 == messages.size()) copied.tokens.resize(static_cast<std::size_t>(tokens));
        copied.text += joined(copied.tokens);
        if (copied.id != 0) {
            keep(store_.appendTokens(copied.id, copied.tokens));
            keep(store_.finishMessage(copied.id));
        }
    }
    emit opened();
    emit listChanged();
    answer(conversation_.maxTokens);
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

void ConversationModel::setIntervention(const std::vector<StoredEdit>& intervention) {
    conversation_.intervention = intervention;
    if (conversation_.summary.id != 0) keep(store_.setIntervention(conversation_.summary.id, intervention));
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
    const auto& [summary, systemPrompt, sampler, maxTokens, messages, intervention] = conversation_;
    if (summary.id != 0) keep(store_.setSettings(summary.id, systemPrompt, sampler, maxTokens));
    emit settingsChanged();
}

void ConversationModel::keep(const Status& status) {
    if (status) return;
    log(LogLevel::Error, status.error().text());
    emit problem(QString::fromStdString(status.error().text()));
}

}  // namespace ternion::app
