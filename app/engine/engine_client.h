// The GUI's only way to the engine: requests in, immutable results out.
#pragma once

#include <QObject>
#include <QString>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "checkpoint/checkpoint.h"
#include "engine/session.h"
#include "engine/worker.h"
#include "tokenizer/chat_template.h"

namespace ternion::app {

/// What is known of an open model; shared, never changed.
struct OpenModel {
    QString path;
    Checkpoint checkpoint;
    std::shared_ptr<const Tokenizer> tokenizer;  ///< null: the checkpoint has none; it can be inspected but not chatted with
    ChatTemplate chatTemplate;
    bool isChatModel = false;  ///< its own template was recognised; otherwise plain completion
    QString templateNote;      ///< why not, for the user; empty if all is well
    std::string hash;
    TritCounts trits;
};

struct ActiveDevice {
    DeviceInfo info;
    MemoryUse memory;
};

/// An answer to be written: the whole conversation, so that a request never depends on an earlier one.
struct ChatRequest {
    std::vector<ChatMessage> messages;  ///< ends with the user's turn
    std::vector<TokenId> answerSoFar;   ///< tokens the answer must begin with (continue from another token)
    ChatTemplate chatTemplate;
    GenerateOptions options;  ///< its stop token is ignored: stop() is how to stop
};

struct AnswerFinished {
    GenerateResult result;
    double prefillSeconds = 0.0;
    int prefillTokens = 0;  ///< run anew; what the state already held is not counted
};

/// Lives on the GUI thread; owns the engine worker. Requests return at once. Signals come on the GUI thread, tokens in batches
/// at most 30 a second. A request made while one runs waits its turn; `stop` and a newer openModel / generate cancel the
/// running one.
class EngineClient : public QObject {
    Q_OBJECT

public:
    /// `registry` is moved to the worker. `deviceId` is the preferred device, empty for the best.
    EngineClient(BackendRegistry registry, QString deviceId, QObject* parent = nullptr);
    ~EngineClient() override;

    void openModel(const QString& path);
    /// Loads the open model onto another device and moves the running conversation there, from the same state.
    void selectDevice(const QString& deviceId);
    void generate(const ChatRequest& request);
    void stop();

    const std::vector<DeviceInfo>& devices() const { return devices_; }  ///< found at start
    std::shared_ptr<const OpenModel> model() const { return model_; }    ///< null: none open
    std::optional<ActiveDevice> activeDevice() const { return device_; }
    bool busy() const { return busy_; }

signals:
    void busyChanged(bool busy);
    void progress(const QString& what, double fraction);
    void modelOpened(std::shared_ptr<const ternion::app::OpenModel> model);
    void deviceChanged(const ternion::app::ActiveDevice& device);
    void tokensGenerated(const std::vector<ternion::GeneratedToken>& tokens);
    void answerFinished(const ternion::app::AnswerFinished& finished);
    /// What was asked for did not happen; everything open before still is. Cancelled by the user is reported here too.
    void failed(const ternion::Error& error);

private:
    struct Engine;  // what only the worker's thread touches
    std::vector<DeviceInfo> devices_;
    std::shared_ptr<const OpenModel> model_;
    std::optional<ActiveDevice> device_;
    bool busy_ = false;
    std::shared_ptr<Engine> engine_;
    EngineWorker worker_;  // last: its jobs use all of the above
};

}  // namespace ternion::app
