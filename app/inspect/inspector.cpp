#include "inspect/inspector.h"

#include <algorithm>
#include <utility>

#include "chat/answer_tokens.h"
#include "chat/conversation_model.h"
#include "chat/token_popover.h"

namespace ternion::app {
Inspector::Inspector(EngineClient& engine, ConversationModel& conversation, QObject* parent)
    : QObject(parent), engine_(engine), conversation_(conversation) {
    connect(&engine_, &EngineClient::modelOpened, this, [this] {
        store_.clear();
        saidDropped_ = false;
        timeline_.clear();
        text_ = 0;
        emit modelChanged();
        emit timelineChanged();
        select(selection_);
        refreshTimeline();
    });
    connect(&engine_, &EngineClient::textRead, this, &Inspector::takeText);
    connect(&engine_, &EngineClient::traced, this, &Inspector::takeTrace);
    connect(&engine_, &EngineClient::tokensGenerated, this, [this](const std::vector<GeneratedToken>& tokens) {
        if (!conversation_.answering()) return;
        const auto tokenizer = model()->tokenizer;
        for (const auto& token : tokens)
            timeline_.push_back({token.sampled.id, visibleToken(*tokenizer, token.sampled.id),
                                 static_cast<int>(timeline_.size()) - promptTokens_});
        emit timelineChanged();
    });
    connect(&conversation_, &ConversationModel::opened, this, &Inspector::refreshTimeline);
    connect(&conversation_, &ConversationModel::answeringChanged, this, [this](bool answering) {
        if (!answering) refreshTimeline();
    });
}

Inspector::~Inspector() = default;

void Inspector::select(Selection selection) {
    if (const auto open = model()) {
        const ModelConfig& config = open->checkpoint.model->config;
        selection.layer = std::clamp(selection.layer, 0, config.numLayers - 1);
    }
    selection.channel = std::max(selection.channel, -1);
    selection.token = std::clamp(selection.token, -1, static_cast<int>(timeline_.size()) - 1);
    if (selection == selection_) return;
    selection_ = std::move(selection);
    emit selectionChanged();
}

int Inspector::token() const {
    const int newest = static_cast<int>(timeline_.size()) - 1;
    return selection_.token < 0 ? newest : std::min(selection_.token, newest);
}

std::vector<TokenId> Inspector::ids() const {
    std::vector<TokenId> all;
    all.reserve(timeline_.size());
    for (const TimelineToken& token : timeline_) all.push_back(token.id);
    return all;
}

void Inspector::want(QObject* view, std::vector<TraceRequest::Item> items) {
    if (!wants_.contains(view)) connect(view, &QObject::destroyed, this, [this, view] { want(view, {}); });
    if (items.empty())
        wants_.remove(view);
    else
        wants_[view] = std::move(items);
    engine_.traceAnswers({wanted()});
    requestMissing();
}

std::vector<TraceRequest::Item> Inspector::wanted() const {
    std::vector<TraceRequest::Item> all;
    for (const auto& items : wants_) all.insert(all.end(), items.begin(), items.end());
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    const auto open = model();
    if (!open) return {};
    const int layers = open->checkpoint.model->config.numLayers;
    std::erase_if(all, [&](const auto& item) {
        return item.layer < 0 || item.layer > layers || (item.layer == layers && item.tensor != TraceTensor::Residual);
    });
    return all;
}

void Inspector::setLimits(const TraceLimits& limits) {
    const bool more = limits.memoryBytes > store_.limits().memoryBytes || !limits.spillFolder.empty();
    if (const auto set = store_.setLimits(limits); !set) emit notice(QString::fromStdString(set.error().text()));
    if (more && store_.droppedBytes() > 0) {  // there is room now for what was dropped
        store_.clear();
        saidDropped_ = false;
        requestMissing();
    }
    sayDropped();
    emit traced();
}

void Inspector::sayDropped() {
    if (store_.droppedBytes() > 0 && !std::exchange(saidDropped_, true))
        emit notice(
            tr("Traces take more memory than the limit: the oldest tokens are no longer shown. Raise the limit, or let "
               "them be written to the disk, under Inspect › Trace memory."));
}

void Inspector::refreshTimeline() {
    if (conversation_.answering()) return;  // its end asks again
    stale_ = true;
    requestMissing();
}

/// Asks the engine for the text, where it may have changed, and for the first stretch that some wanted tensor lacks.
void Inspector::requestMissing() {
    if (asked_) return;  // its end asks for what is missing then
    if (conversation_.answering() || !model() || !model()->tokenizer) return;
    InspectRequest request;
    const int length = static_cast<int>(timeline_.size());
    request.from = length;
    const auto items = wanted();
    const auto next = [&](const TraceRequest::Item& item) { return std::max(store_.endToken(item), 0); };
    for (const auto& item : items) request.from = std::min(request.from, next(item));
    for (const auto& item : items)
        if (next(item) == request.from && (stale_ || request.from < length)) request.trace.items.push_back(item);
    if (!stale_ && request.trace.items.empty()) return;
    const Conversation& conversation = conversation_.conversation();
    std::size_t turns = conversation.messages.size();
    if (turns > 0 && conversation.messages.back().role == Role::Assistant) {
        request.answerSoFar = answerTokens(*model(), conversation.messages.back());
        --turns;
    }
    request.messages = turnsBefore(conversation, turns);
    stale_ = false;
    if (turns == 0) return takeText(std::make_shared<const ReadText>());  // nothing has been said
    if (conversation_.chatTemplate() != model()->chatTemplate) request.chatTemplate = conversation_.chatTemplate();
    request.known = ids();
    asked_ = true;
    engine_.inspect(request);
}

void Inspector::takeText(const std::shared_ptr<const ReadText>& text) {
    text_ = text->number;
    promptTokens_ = text->promptTokens;
    std::size_t same = 0;
    while (same < timeline_.size() && same < text->ids.size() && timeline_[same].id == text->ids[same]) ++same;
    const bool changed = same < timeline_.size() || same < text->ids.size();
    if (same < timeline_.size()) {
        timeline_.resize(same);
        store_.truncate(static_cast<int>(same));
    }
    for (std::size_t k = 0; k < text->ids.size(); ++k) {
        const int answerToken = static_cast<int>(k) < promptTokens_ ? -1 : static_cast<int>(k) - promptTokens_;
        if (k < same)
            timeline_[k].answerToken = answerToken;
        else
            timeline_.push_back({text->ids[k], visibleToken(*model()->tokenizer, text->ids[k]), answerToken});
    }
    if (!changed) return;
    emit timelineChanged();
    select(selection_);
}

void Inspector::takeTrace(const TracedTokens& tokens) {
    if (tokens.trace && tokens.text == text_) {
        for (const Trace::Tensor& tensor : tokens.trace->tensors) {
            // What does not continue a series came before it was wanted, or was dropped: it is asked for anew when there is
            // time.
            const int end = store_.endToken(tensor.item);
            if (tokens.firstToken > end || tokens.firstToken + tensor.tokens <= end) continue;
            const int known = end - tokens.firstToken;
            const auto fresh =
                std::span(tensor.values).subspan(static_cast<std::size_t>(known) * static_cast<std::size_t>(tensor.width));
            const auto kept = store_.append(tensor.item, end, tensor.tokens - known, tensor.width, fresh);
            if (!kept) emit notice(QString::fromStdString(kept.error().text()));
        }
        sayDropped();
        emit traced();
    }
    if (!tokens.last) return;
    asked_ = false;
    if (tokens.error && tokens.error->code != ErrorCode::Cancelled) {
        emit notice(QString::fromStdString(tokens.error->text()));
        return;
    }
    requestMissing();
}

}  // namespace ternion::app
