// The open conversation, and all that a person can do with it.
#pragma once

#include <QObject>
#include <QString>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/sampler.h"
#include "store/conversation_store.h"
#include "tokenizer/chat_template.h"

namespace ternion::app {

class AnswerRecorder;
class EngineClient;
struct AnswerFinished;

/// Lives on the GUI thread. The only writer of the conversation store: whatever it shows is on disk already, answers token by
/// token as they are generated. Panels ask it and follow its signals; it asks the engine for answers. Requests that make no
/// sense now (sending while an answer runs, regenerating an empty conversation) do nothing.
class ConversationModel : public QObject {
    Q_OBJECT

public:
    /// Both outlive it. Begins with the newest conversation, or a new one where there is none.
    ConversationModel(ConversationStore& store, EngineClient& engine, QObject* parent = nullptr);
    ~ConversationModel() override;

    const Conversation& conversation() const { return conversation_; }
    std::vector<ConversationSummary> list(const QString& search) const;
    bool answering() const { return answering_; }
    const ChatTemplate& chatTemplate() const { return chatTemplate_; }

    // The list. A new conversation is stored when its first message is sent.
    void startNew();
    void open(std::int64_t id);
    void rename(std::int64_t id, const QString& title);
    void remove(std::int64_t id);
    void undoRemove();  ///< the last removed one comes back
    QString exported(std::int64_t id, bool asJson) const;

    // The open conversation. An answer is asked for where one is missing afterwards.
    void send(const QString& text);
    void regenerate();                                 ///< the last answer, with the next seed
    void editMessage(int index, const QString& text);  ///< drops what came after; a user's message is answered anew
    /// Cuts answer `index` before its token `token`, puts `alternative` there and lets the model go on.
    void continueFrom(int index, int token, TokenId alternative);
    /// Cuts answer `index` behind its first `tokens` tokens, drops what came after it, and lets the model go on from there.
    void continueBehind(int index, int tokens);
    /// The same in a new conversation that begins as this one does; this one stays as it is.
    void forkBehind(int index, int tokens);
    void continueAnswer();  ///< the last answer goes on where it was stopped, cut off or out of length
    void stop();

    void setIntervention(const std::vector<StoredEdit>& intervention);  ///< kept with it; answers here do without
    void setSystemPrompt(const QString& text);
    void setSampler(const SamplerSettings& settings);
    void setMaxTokens(int count);                            ///< the longest answer, at least 1
    void resetSampler();                                     ///< to what the model's checkpoint recommends
    void setChatTemplate(const ChatTemplate& chatTemplate);  ///< for the open model, also the next time it is opened

signals:
    void listChanged();
    void opened();  ///< another conversation, or the same one in another shape: show it anew
    void messageAppended(int index);
    void tokensAppended(int index, int firstToken);
    void messageFinished(int index);  ///< its answer is complete or was stopped
    void settingsChanged();           ///< system prompt, sampler or template
    void answeringChanged(bool answering);
    void problem(const QString& text);  ///< for an inline message: what happened and what to do

private:
    bool canAnswer();
    void answer(int maxTokens);
    void ask();
    void onAnswerFinished(const AnswerFinished& finished);
    void onDeviceChanged();
    void onOpeningFailed();
    bool canCut(int index, int tokens);
    void cut(std::size_t index, int tokens);
    void create(const std::string& title);
    void append(Role role, const std::string& text);
    void appendTokens(const std::vector<StoredToken>& tokens);
    void truncateTokens(StoredMessage& message, int count);
    void truncateFrom(std::size_t index);
    void closeRecorder();
    void finish(const QString& trouble);
    void show(Conversation conversation);
    void applySettings();
    void keep(const Status& status);
    void onModelOpened();
    SamplerSettings recommended() const;

    ConversationStore& store_;
    EngineClient& engine_;
    Conversation conversation_;
    ChatTemplate chatTemplate_;
    std::optional<std::int64_t> removed_;
    std::shared_ptr<AnswerRecorder> recorder_;  // of the answer being written
    int tokensWanted_ = 0;                      // of that answer, still
    bool answering_ = false;
    bool waitsForModel_ = false;        // the answer is asked for when the model that is being opened is there
    bool deviceFailed_ = false;         // in the middle of the last answer: another one goes on with it
    bool samplerIsRecommended_ = true;  // nobody changed it: it follows the model
};

}  // namespace ternion::app
