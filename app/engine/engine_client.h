// The GUI's only way to the engine: requests in, immutable results out.
#pragma once

#include <QHash>
#include <QObject>
#include <QPointer>
#include <QString>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/progress.h"
#include "checkpoint/checkpoint.h"
#include "engine/session.h"
#include "engine/worker.h"
#include "runs/sweep.h"
#include "tokenizer/chat_template.h"

namespace ternion {
class RunStore;
}

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
    Profile profile = Profile::Float;  ///< never Auto
};

/// What a device that counts cycles says of the last token of an answer.
struct CountedToken {
    CycleCounts cycles;
    /// By the computer's clock, since the first token that this device wrote of the answer; nothing at that one. Of a simulated
    /// board it is the speed of the simulation.
    std::optional<double> tokensPerSecond;
};

/// An answer to be written: the whole conversation, so that a request never depends on an earlier one.
struct ChatRequest {
    std::vector<ChatMessage> messages;         ///< ends with the user's turn
    std::vector<TokenId> answerSoFar;          ///< tokens the answer must begin with (continue from another token)
    std::optional<ChatTemplate> chatTemplate;  ///< none: the model's own, of the model that is open when its turn comes
    GenerateOptions options;                   ///< its stop token is ignored: stop() is how to stop
    std::int64_t conversation = 0;             ///< that its run belongs to; 0: none
    /// Told of each token on the engine's thread before anything else is: what must not wait for the next batch.
    std::function<void(const GeneratedToken&)> onToken;
};

/// A conversation whose text is to be read, and traced.
struct InspectRequest {
    std::vector<ChatMessage> messages;
    std::vector<TokenId> answerSoFar;
    std::optional<ChatTemplate> chatTemplate;
    TraceRequest trace;  ///< empty: the text alone
    int from = 0;        ///< the first token of interest, where the text before it is `known`
    std::vector<TokenId> known;
};

/// A text as the model reads it: of an InspectRequest, or of an answer that begins.
struct ReadText {
    int number = 0;  ///< of this reading; what is traced of it has the same
    std::vector<TokenId> ids;
    int promptTokens = 0;  ///< before the answer
};

struct TracedTokens {
    int text = 0;  ///< ReadText::number
    int firstToken = 0;
    std::shared_ptr<const Trace> trace;
    bool last = false;           ///< of an InspectRequest
    std::optional<Error> error;  ///< what ended it; Cancelled where a newer request did
};

struct AnswerFinished {
    GenerateResult result;
    double prefillSeconds = 0.0;
    int prefillTokens = 0;       ///< run anew; what the state already held is not counted
    std::optional<Error> error;  ///< what ended it early: everything generated before it stands
};

/// Lives on the GUI thread; owns the engine worker. Requests return at once. Signals come on the GUI thread, tokens in batches
/// at most 30 a second. A request made while one runs waits its turn; openModel cancels the running one, a newer generate the
/// older answer, of which nothing more is told. Every other answer ends in one answerFinished.
class EngineClient : public QObject {
    Q_OBJECT

public:
    /// `registry` is moved to the worker. `deviceId` is the preferred device, empty for the best. Answers and benchmarks are
    /// recorded in `runs`, which outlives the client; null: nowhere.
    EngineClient(BackendRegistry registry, const QString& deviceId, RunStore* runs = nullptr, QObject* parent = nullptr);
    ~EngineClient() override;

    void openModel(const QString& path);
    /// Loads the open model onto another device and moves the conversation there, from the same state; from its tokens where
    /// the old device is lost. An answer that runs goes on there from its next token. Without a model: where the next one is
    /// loaded.
    void selectDevice(const QString& deviceId);
    /// The arithmetic of every device from now on; the open model is loaded again where it changes, as by selectDevice. A
    /// device that refuses it computes in its own, and noticed() says so.
    void selectProfile(Profile profile);
    void generate(const ChatRequest& request);
    /// Cancels the answer, waiting or being written, and a change of device that it waits for; where there is no answer, the
    /// loading that runs.
    void stop();

    /// Reads a conversation and traces it, beside the one being answered; its own state is kept, so that what grew is all that
    /// has to run. A newer request replaces an older one. Each ends in one traced() with `last`.
    void inspect(const InspectRequest& request);
    /// What is traced of answers while they are written, from the next token on; empty: nothing.
    void traceAnswers(TraceRequest request);
    /// Runs `work(std::shared_ptr<DeviceModel>, const std::stop_token&)` on the engine's thread after what is queued (null
    /// where no model is open), then `show(result)` on the GUI thread, where `receiver` still lives. A newer one with the same
    /// tag replaces one that waits and stops one that runs; what was stopped still shows, unless a newer one was asked for. An
    /// answer that is asked for stops all of them.
    template <class Work, class Show>
    void compute(QObject* receiver, const QString& tag, Work work, Show show) {
        const int number = ++computeNumbers_[tag];
        post("compute " + tag.toStdString(),
             [this, number, tag, guard = QPointer<QObject>(receiver), source = replace(computing_, tag), work = std::move(work),
              show = std::move(show)](const std::stop_token& stop) mutable {
                 const std::stop_callback forward(stop, [&source] { source.request_stop(); });
                 using Made = decltype(work(deviceModel(), stop));
                 auto result = std::make_shared<Made>(work(deviceModel(), source.get_token()));
                 QMetaObject::invokeMethod(
                     this,
                     [this, number, tag, guard, result, show = std::move(show)]() mutable {
                         if (guard && number == computeNumbers_[tag]) show(std::move(*result));
                     },
                     Qt::QueuedConnection);
             });
    }
    void cancelCompute(const QString& tag);
    /// Runs `work(const BackendRegistry&, RunStore*, const Progress&)` on the engine's thread in its turn: what is asked for
    /// meanwhile waits, an answer too. Then `show(result)` on the GUI thread, where `receiver` still lives. A newer one with
    /// the same tag stops one that runs, which still shows, and replaces one that waits, which does not.
    template <class Work, class Show>
    void runJob(QObject* receiver, const QString& tag, Work work, Show show) {
        post("job " + tag.toStdString(), [this, guard = QPointer<QObject>(receiver), source = replace(jobs_, tag),
                                          work = std::move(work), show = std::move(show)](const std::stop_token& stop) mutable {
            const std::stop_callback forward(stop, [&source] { source.request_stop(); });
            using Made = decltype(work(registry(), runStore(), Progress()));
            auto result = std::make_shared<Made>(work(registry(), runStore(), reportTo(source.get_token())));
            QMetaObject::invokeMethod(
                this,
                [guard, result, show = std::move(show)]() mutable {
                    if (guard) show(std::move(*result));
                },
                Qt::QueuedConnection);
        });
    }
    void cancelJob(const QString& tag);

    /// Whether runs keep prompts, answers and token ids (they do at first). From the next run on.
    void recordTexts(bool texts);
    /// Benchmarks, one after another, each a run; the open model may be one of those measured. What is asked for meanwhile
    /// waits. Ends in one sweepFinished.
    void runSweep(const SweepPlan& plan);
    void cancelSweep() { cancelJob(sweepTag); }

    const std::vector<DeviceInfo>& devices() const { return devices_; }  ///< found at start
    std::shared_ptr<const OpenModel> model() const { return model_; }    ///< null: none open
    std::optional<ActiveDevice> activeDevice() const { return device_; }
    Profile profile() const { return profile_; }  ///< that was asked for
    bool busy() const { return busy_; }
    bool opening() const { return opening_; }  ///< a model is on its way: modelOpened or failed will tell

signals:
    void busyChanged(bool busy);
    void progress(const QString& what, double fraction);
    void modelOpened(std::shared_ptr<const ternion::app::OpenModel> model);
    void deviceChanged(const ternion::app::ActiveDevice& device);
    void tokensGenerated(const std::vector<ternion::GeneratedToken>& tokens);
    void cyclesCounted(const ternion::app::CountedToken& token);  ///< after tokensGenerated, of the last of them
    void answerFinished(const ternion::app::AnswerFinished& finished);
    void sweepStepped(const ternion::SweepStep& step, int done, int all);  ///< begins with it
    void sweepFinished(const ternion::SweepOutcome& outcome);
    void textRead(std::shared_ptr<const ternion::app::ReadText> text);
    void traced(const ternion::app::TracedTokens& traced);
    /// A model was not opened, or a device not changed; everything open before still is. Cancelled is reported here too.
    void failed(const ternion::Error& error);
    void noticed(const QString& text);  ///< it was done, but not as asked for: for the user

private:
    static constexpr const char* sweepTag = "sweep";
    struct Engine;  // what only the worker's thread touches
    void post(const std::string& tag, std::function<void(const std::stop_token&)> job);
    Q_INVOKABLE void jobGone();
    Progress reportTo(const std::stop_token& stop);
    void changeDevice(Engine& engine, const std::stop_token& stop);
    void nowOn(const ActiveDevice& device, const QString& notice);
    void answerEnded(int number, const AnswerFinished& finished);
    void tell(TracedTokens traced);
    using Stops = QHash<QString, std::stop_source>;  // by tag
    /// Makes what runs under `tag` stop, and gives what stops the job that comes in its place.
    static std::stop_source replace(Stops& stops, const QString& tag);
    std::shared_ptr<DeviceModel> deviceModel() const;  ///< on the engine's thread
    const BackendRegistry& registry() const;           ///< likewise
    RunStore* runStore() const;                        ///< null: nothing is recorded

    std::vector<DeviceInfo> devices_;
    std::shared_ptr<const OpenModel> model_;
    std::optional<ActiveDevice> device_;
    Profile profile_ = Profile::Auto;
    bool busy_ = false;
    int pending_ = 0;     // jobs that are neither done nor dropped
    int generation_ = 0;  // number of the newest answer asked for
    int openNumber_ = 0;  // number of the newest model asked for
    bool opening_ = false;
    bool answering_ = false;
    std::stop_source answerStop_{std::nostopstate};
    Stops computing_;  // an answer stops them
    Stops jobs_;
    QHash<QString, int> computeNumbers_;
    std::shared_ptr<Engine> engine_;
    EngineWorker worker_;  // last: its jobs use all of the above
};

}  // namespace ternion::app
