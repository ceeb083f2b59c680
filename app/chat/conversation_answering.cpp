// The part of ConversationModel that has answers written.
#include <utility>

#include "chat/answer_recorder.h"
#include "chat/answer_tokens.h"
#include "chat/conversation_model.h"
#include "engine/engine_client.h"

namespace ternion::app {
namespace {

constexpr int shownAlternatives = 8;

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
        emit opened();  // the answer's heading has a name now
    }
    const auto& message = conversation_.messages.back();
    ChatRequest request;
    request.messages = turnsBefore(conversation_, conversation_.messages.size() - 1);
    request.answerSoFar = answerTokens(*model, message);
    if (chatTemplate_ != model->chatTemplate) request.chatTemplate = chatTemplate_;
    request.options.sampler = conversation_.sampler;
    request.options.maxTokens = tokensWanted_;
    request.conversation = conversation_.summary.id;
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

}  // namespace ternion::app
