#include "engine/engine_client.h"

#include <QMetaObject>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "runs/answer_run.h"
#include "runs/run_facts.h"

namespace ternion::app {
namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Lets something through at most 30 times a second.
class Throttle {
public:
    bool due() {
        const auto now = Clock::now();
        if (now - last_ < std::chrono::milliseconds(33)) return false;
        last_ = now;
        return true;
    }

private:
    Clock::time_point last_;
};

template <class Function>
void onGuiThread(QObject* context, Function function) {
    QMetaObject::invokeMethod(context, std::move(function), Qt::QueuedConnection);
}

/// A stretch of a longer operation: its 0 to 1 become `from` to `to`.
Progress part(const Progress& whole, double from, double to) {
    return {[report = whole.report, from, to](std::string_view what, double fraction) {
                if (report) report(what, from + (to - from) * fraction);
            },
            whole.stop};
}

/// The device and the arithmetic asked for last, until somebody goes there.
class WantedDevice {
public:
    void set(std::string id) {
        const std::lock_guard lock(mutex_);
        id_ = std::move(id);
    }
    std::optional<std::string> take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(id_, std::nullopt);
    }
    void setProfile(Profile profile) {
        const std::lock_guard lock(mutex_);
        profile_ = profile;
    }
    Profile profile() const {
        const std::lock_guard lock(mutex_);
        return profile_;
    }

private:
    mutable std::mutex mutex_;
    std::optional<std::string> id_;
    Profile profile_ = Profile::Auto;
};

/// What a device that counts cycles says of the tokens of an answer.
class CycleReading {
public:
    void tokenCame(const DeviceModel& device) {
        const auto cycles = device.lastToken();
        if (!cycles) return;
        if (tokens_++ == 0) first_ = Clock::now();
        newest_ = CountedToken{*cycles, std::nullopt};
        if (tokens_ > 1) newest_->tokensPerSecond = (tokens_ - 1) / secondsSince(first_);
    }
    std::optional<CountedToken> take() { return std::exchange(newest_, std::nullopt); }

private:
    Clock::time_point first_;
    int tokens_ = 0;
    std::optional<CountedToken> newest_;
};

/// What of answers is traced, for who asks between two tokens.
class WantedTrace {
public:
    void set(TraceRequest request) {
        const std::lock_guard lock(mutex_);
        request_ = std::move(request);
    }
    TraceRequest get() const {
        const std::lock_guard lock(mutex_);
        return request_;
    }

private:
    mutable std::mutex mutex_;
    TraceRequest request_;
};

QString nameFor(Profile profile) {
    const auto name = nameOf(profile);
    return QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size()));
}

bool startsWith(std::span<const TokenId> whole, std::span<const TokenId> beginning) {
    return beginning.size() <= whole.size() && std::equal(beginning.begin(), beginning.end(), whole.begin());
}

Result<std::shared_ptr<const OpenModel>> readModel(const QString& path, const Progress& progress) {
    auto open = std::make_shared<OpenModel>();
    open->path = path;
    TERNION_TRY(open->checkpoint, openCheckpoint(path.toStdString(), part(progress, 0.0, 0.6)));
    if (open->checkpoint.tokenizer) {
        TERNION_TRY(open->tokenizer, makeTokenizer(*open->checkpoint.tokenizer));
    } else {
        open->templateNote = EngineClient::tr("This checkpoint has no tokenizer: it can be inspected, but not chatted with.");
    }
    if (open->checkpoint.chatTemplateJinja.empty()) {
        if (open->tokenizer) open->templateNote = EngineClient::tr("This is a base model: it continues your text.");
    } else if (auto found = ChatTemplate::fromJinja(open->checkpoint.chatTemplateJinja); found) {
        open->chatTemplate = std::move(*found);
        open->isChatModel = open->tokenizer != nullptr;
    } else {
        open->templateNote = EngineClient::tr(
                                 "Its chat template is not understood (%1): it continues your text instead. "
                                 "You can write a template under Settings.")
                                 .arg(QString::fromStdString(found.error().text()));
    }
    const Model& model = *open->checkpoint.model;
    progress.tell("Checking the model", 0.6);
    open->hash = model.hash();
    model.forEachBitLinear([&](const std::string&, const BitLinear& linear) {
        if (progress.stopped()) return;
        const TritCounts counts = linear.weight.counts();
        open->trits.minus += counts.minus;
        open->trits.zero += counts.zero;
        open->trits.plus += counts.plus;
    });
    if (progress.stopped()) return Error{ErrorCode::Cancelled, "opening was cancelled", path.toStdString()};
    return std::shared_ptr<const OpenModel>(std::move(open));
}

}  // namespace

struct EngineClient::Engine {
    WantedDevice wanted;  // these two the GUI's thread touches too
    WantedTrace wantedTrace;
    BackendRegistry registry;
    std::string preferredDevice;
    std::shared_ptr<const OpenModel> model;
    std::shared_ptr<DeviceModel> device;
    Profile loadedFor = Profile::Auto;  // what was asked for when a device was last loaded, or failed to
    QString notice;                     // of that loading; empty: all is as it was asked for
    std::unique_ptr<Session> session;
    RunStore* runs = nullptr;
    std::atomic<bool> recordsTexts = true;  // the GUI's thread sets it
    std::unique_ptr<RunRecorder> recorder;  // of `device`; null: nothing is recorded
    std::optional<AnswerRun> run;           // of the answer that is being written
    AnswerRun::Asked asked;                 // for it
    std::int64_t conversation = 0;          // that it belongs to
    std::deque<SessionSnapshot> snapshots;  // ends of prompts, the newest last: regenerating and editing start there
    std::deque<SessionSnapshot> traced;     // places in inspected texts, without logits: tracing goes on there
    int texts = 0;                          // read so far

    ActiveDevice active() const { return {device->device(), device->memory(), device->profile()}; }

    /// In the arithmetic that was asked for; in the device's own where it refuses that.
    Result<std::shared_ptr<DeviceModel>> load(const std::string& id, const std::shared_ptr<const Model>& weights,
                                              const Progress& progress) {
        const LoadOptions options{Packing::Auto, wanted.profile()};
        loadedFor = options.profile;
        notice.clear();
        auto loaded = registry.load(id, weights, progress, options);
        if (!loaded && loaded.error().code == ErrorCode::Unsupported && options.profile != Profile::Auto) {
            loaded = registry.load(id, weights, progress);
            if (loaded)
                notice = EngineClient::tr(
                             "%1 does not compute in “%2” arithmetic: its own, “%3”, is used there. The choice "
                             "stands for other devices.")
                             .arg(QString::fromStdString((*loaded)->device().name), nameFor(options.profile),
                                  nameFor((*loaded)->profile()));
        }
        if (!loaded) return loaded.error();
        return std::shared_ptr<DeviceModel>(std::move(*loaded));
    }

    Status open(const QString& path, const Progress& progress) {
        TERNION_TRY(auto opened, readModel(path, progress));
        auto where = registry.find(preferredDevice);
        if (!where && !preferredDevice.empty()) {
            log(LogLevel::Warning, where.error().text() + "; the best other device is used");
            where = registry.find({});
        }
        if (!where) return where.error();
        TERNION_TRY(auto onDevice, load(where->id(), opened->checkpoint.model, part(progress, 0.7, 1.0)));
        TERNION_TRY(auto fresh, Session::create(onDevice, opened->tokenizer));
        snapshots.clear();
        traced.clear();
        session = std::move(fresh);
        model = std::move(opened);
        goTo(std::move(onDevice));
        return {};
    }

    void goTo(std::shared_ptr<DeviceModel> onDevice) {
        recorder.reset();  // it reads the old one
        device = std::move(onDevice);
        if (runs != nullptr) recorder = std::make_unique<RunRecorder>(*runs, device);
    }

    void beginRun() {
        auto facts = factsOf("chat", *device, model->hash, model->path.toStdString());
        facts.conversation = conversation;
        asked.texts = recordsTexts;
        if (asked.texts) asked.prompt = model->tokenizer->decode(asked.ids);
        run.emplace(recorder.get(), std::move(facts), asked);
    }

    void endRun(const Result<GenerateResult>& result) {
        if (run) run->end(result, *device);
        run.reset();
    }

    Status moveTo(const std::string& id, const Progress& progress) {
        if (model) {
            TERNION_TRY(auto onDevice, load(id, model->checkpoint.model, progress));
            TERNION_CHECK(session->moveTo(onDevice));
            if (onDevice->profile() != device->profile()) {
                // The text goes on from the same state; what is read anew is read in the new arithmetic from its beginning.
                snapshots.clear();
                traced.clear();
            }
            const bool answering = run.has_value();
            endRun(Error{ErrorCode::Cancelled, "it went on on " + onDevice->device().id(), {}});
            goTo(std::move(onDevice));
            if (answering) {
                asked.ids.assign(session->tokens().begin(), session->tokens().end());
                beginRun();
                run->begins();
            }
        }
        preferredDevice = id;
        return {};
    }

    /// Brings the state to `prompt` and then `answer`, from the nearest place that is known. Returns how many tokens had to
    /// run.
    Result<int> read(const std::vector<TokenId>& prompt, const std::vector<TokenId>& answer, const Progress& progress) {
        std::vector<TokenId> all = prompt;
        all.insert(all.end(), answer.begin(), answer.end());
        std::size_t known = startsWith(all, session->tokens()) ? session->tokens().size() : 0;
        const SessionSnapshot* nearest = nullptr;
        for (const auto* places : {&snapshots, &traced})
            for (const auto& snapshot : *places) {
                if (snapshot.tokens.size() <= known || !startsWith(all, snapshot.tokens)) continue;
                if (snapshot.logits.empty() && snapshot.tokens.size() == all.size()) continue;  // the last token brings them
                nearest = &snapshot;
                known = snapshot.tokens.size();
            }
        if (nearest != nullptr) {
            TERNION_CHECK(session->restore(*nearest));
        } else if (known == 0) {
            TERNION_CHECK(session->reset());
        }

        constexpr std::size_t chunk = 512;
        const auto readTo = [&](std::size_t end) -> Status {
            for (std::size_t done = session->tokens().size(); done < end;) {
                done = std::min(end, done + chunk);
                TERNION_CHECK(session->prefill(std::span(all).first(done), progress.stop));
                if (all.size() - known > chunk)
                    progress.tell("Reading the conversation", double(done - known) / double(all.size() - known));
            }
            return session->prefill(std::span(all).first(end), progress.stop);  // brings the logits where nothing was new
        };
        if (known <= prompt.size()) {
            TERNION_CHECK(readTo(prompt.size()));
            remember();
        }
        TERNION_CHECK(readTo(all.size()));
        return static_cast<int>(all.size() - known);
    }

    ReadText readText(const std::vector<TokenId>& prompt, const std::vector<TokenId>& answer) {
        ReadText text{++texts, prompt, static_cast<int>(prompt.size())};
        text.ids.insert(text.ids.end(), answer.begin(), answer.end());
        return text;
    }

    /// Traces the tokens of `ids` from `from` on, a chunk at a time.
    Status trace(const std::vector<TokenId>& ids, std::size_t from, const TraceRequest& request, const Progress& progress,
                 const std::function<void(int firstToken, Trace trace)>& onTrace) {
        TERNION_TRY(const auto state, device->createState());
        std::size_t at = 0;
        const SessionSnapshot* nearest = nullptr;
        for (const auto& snapshot : traced)
            if (snapshot.tokens.size() <= from && snapshot.tokens.size() > at && startsWith(ids, snapshot.tokens)) {
                nearest = &snapshot;
                at = snapshot.tokens.size();
            }
        if (nearest != nullptr) TERNION_CHECK(state->restore(nearest->state));
        while (at < ids.size()) {
            constexpr std::size_t chunk = 128, kept = 64;
            const std::size_t end = std::min(at < from ? from : ids.size(), at + chunk);
            ForwardOptions options{LogitsWanted::None, at < from ? TraceRequest() : request, {}, progress.stop};
            TERNION_TRY(auto output, device->forward(std::span(ids).subspan(at, end - at), *state, options));
            if (at >= from) onTrace(static_cast<int>(at), std::move(output.trace));
            at = end;
            if (ids.size() - from > chunk) progress.tell("Tracing the conversation", double(at) / double(ids.size()));
            TERNION_TRY(auto here, state->snapshot());
            SessionSnapshot place{std::move(here), {ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(at)}, {}};
            std::erase_if(traced, [&](const SessionSnapshot& other) { return other.tokens == place.tokens; });
            traced.push_back(std::move(place));
            if (traced.size() > kept) traced.pop_front();
        }
        return {};
    }

    void remember() {
        constexpr std::size_t kept = 8;
        auto here = session->snapshot();
        if (!here) return;  // only a short cut is lost
        std::erase_if(snapshots, [&](const SessionSnapshot& other) { return other.tokens == here->tokens; });
        snapshots.push_back(std::move(*here));
        if (snapshots.size() > kept) snapshots.pop_front();
    }

    /// Writes the answer. `finished` says how far it came, whatever happens.
    Result<GenerateResult> answer(const ChatRequest& request, const Progress& progress,
                                  const std::function<bool(const GeneratedToken&)>& onToken,
                                  const std::function<void(const ReadText&)>& onText, AnswerFinished& finished) {
        finished.result.reason = StopReason::Stopped;
        if (!session) return Error{ErrorCode::InvalidArgument, "no model is open: open one with File, Open model", {}};
        if (!model->tokenizer)
            return Error{ErrorCode::InvalidArgument, "this checkpoint has no tokenizer; open one that has, to chat with it",
                         model->path.toStdString()};
        const auto start = Clock::now();
        const auto prompt = renderChat(request.chatTemplate.value_or(model->chatTemplate), request.messages, *model->tokenizer,
                                       model->checkpoint.model->config);
        const ReadText text = readText(prompt, request.answerSoFar);
        onText(text);
        asked = {text.ids, {}, request.options};
        conversation = request.conversation;
        beginRun();
        TERNION_TRY(finished.prefillTokens, read(prompt, request.answerSoFar, progress));
        finished.prefillSeconds = secondsSince(start);
        run->prefilled(finished.prefillTokens, finished.prefillSeconds);
        GenerateOptions options = request.options;
        options.stop = progress.stop;
        run->begins();
        TERNION_TRY(finished.result, session->generate(options, [&](const GeneratedToken& token) {
            run->came(token);
            return onToken(token);
        }));
        return finished.result;
    }
};

EngineClient::EngineClient(BackendRegistry registry, const QString& deviceId, RunStore* runs, QObject* parent)
    : QObject(parent), devices_(registry.devices()), engine_(std::make_shared<Engine>()) {
    qRegisterMetaType<std::shared_ptr<const OpenModel>>();
    qRegisterMetaType<ActiveDevice>();
    qRegisterMetaType<std::vector<GeneratedToken>>();
    qRegisterMetaType<CountedToken>();
    qRegisterMetaType<AnswerFinished>();
    qRegisterMetaType<Error>();
    qRegisterMetaType<std::shared_ptr<const ReadText>>();
    qRegisterMetaType<TracedTokens>();
    qRegisterMetaType<SweepStep>();
    qRegisterMetaType<SweepOutcome>();
    engine_->runs = runs;
    engine_->registry = std::move(registry);
    engine_->preferredDevice = deviceId.toStdString();
}

EngineClient::~EngineClient() {
    answerStop_.request_stop();
    for (auto* stops : {&computing_, &jobs_})
        for (auto& stop : *stops) stop.request_stop();
}

void EngineClient::post(const std::string& tag, std::function<void(const std::stop_token&)> job) {
    // Goes with the job, and so tells of its end also where a newer one of its kind replaces it in the queue.
    const std::shared_ptr<void> ticket(nullptr,
                                       [this](void*) { QMetaObject::invokeMethod(this, "jobGone", Qt::QueuedConnection); });
    ++pending_;
    if (!std::exchange(busy_, true)) emit busyChanged(true);
    worker_.post(tag, [ticket, job = std::move(job)](const std::stop_token& stop) { job(stop); });
}

void EngineClient::jobGone() {
    busy_ = --pending_ > 0;
    if (!busy_) emit busyChanged(false);
}

Progress EngineClient::reportTo(const std::stop_token& stop) {
    return {[this, throttle = Throttle()](std::string_view what, double fraction) mutable {
                if (!throttle.due()) return;
                onGuiThread(this, [this, what = QString::fromUtf8(what.data(), static_cast<qsizetype>(what.size())), fraction] {
                    emit progress(what, fraction);
                });
            },
            stop};
}

void EngineClient::openModel(const QString& path) {
    worker_.stopCurrent();
    opening_ = true;
    post("open", [this, number = ++openNumber_, path, engine = engine_](const std::stop_token& stop) {
        const auto opened = engine->open(path, reportTo(stop));
        if (!opened) {
            onGuiThread(this, [this, number, error = opened.error()] {
                opening_ = opening_ && number != openNumber_;
                emit failed(error);
            });
            return;
        }
        onGuiThread(this, [this, number, model = engine->model, device = engine->active(), notice = engine->notice] {
            opening_ = opening_ && number != openNumber_;
            model_ = model;
            device_ = device;
            emit modelOpened(model);
            nowOn(device, notice);
        });
    });
}

void EngineClient::selectDevice(const QString& deviceId) {
    engine_->wanted.set(deviceId.toStdString());  // an answer that runs sees it between two tokens
    post("device", [this, engine = engine_](const std::stop_token& stop) { changeDevice(*engine, stop); });
}

void EngineClient::selectProfile(Profile profile) {
    if (std::exchange(profile_, profile) == profile) return;
    engine_->wanted.setProfile(profile);
    post("device", [this, engine = engine_](const std::stop_token& stop) { changeDevice(*engine, stop); });
}

/// On the worker's thread: goes to the device that was asked for, or to the same one in another arithmetic, if that has not
/// been done yet.
void EngineClient::changeDevice(Engine& engine, const std::stop_token& stop) {
    auto id = engine.wanted.take();
    if (!id && engine.device && engine.loadedFor != engine.wanted.profile()) id = engine.device->device().id();
    if (!id) return;
    if (const auto moved = engine.moveTo(*id, reportTo(stop)); !moved) {
        onGuiThread(this, [this, error = moved.error()] { emit failed(error); });
    } else if (engine.device) {
        onGuiThread(this, [this, device = engine.active(), notice = engine.notice] { nowOn(device, notice); });
    }
}

void EngineClient::nowOn(const ActiveDevice& device, const QString& notice) {
    device_ = device;
    emit deviceChanged(device);
    if (!notice.isEmpty()) emit noticed(notice);
}

void EngineClient::generate(const ChatRequest& request) {
    for (auto& stop : computing_) stop.request_stop();
    answerStop_.request_stop();
    answerStop_ = std::stop_source();
    answering_ = true;
    const int number = ++generation_;
    post("generate", [this, number, request, engine = engine_, source = answerStop_](const std::stop_token& stop) mutable {
        const std::stop_callback forward(stop, [&source] { source.request_stop(); });
        std::vector<GeneratedToken> batch;
        Throttle throttle;
        double moving = 0.0;
        CycleReading cycles;
        const auto flush = [&] {
            if (batch.empty()) return;
            onGuiThread(this, [this, number, tokens = std::exchange(batch, {}), counted = cycles.take()] {
                if (number != generation_) return;
                emit tokensGenerated(tokens);
                if (counted) emit cyclesCounted(*counted);
            });
        };
        int text = 0;
        const auto traceAsWanted = [&] {
            if (!engine->session) return;
            engine->session->setTrace(engine->wantedTrace.get(), [this, &text](int firstToken, Trace trace) {
                tell({text, firstToken, std::make_shared<const Trace>(std::move(trace)), false, {}});
            });
        };
        const auto onText = [&](const ReadText& read) {
            text = read.number;
            onGuiThread(this, [this, shared = std::make_shared<const ReadText>(read)] { emit textRead(shared); });
        };
        const auto onToken = [&](const GeneratedToken& token) {
            if (request.onToken) request.onToken(token);
            traceAsWanted();
            batch.push_back(token);
            const DeviceModel* const device = engine->device.get();
            cycles.tokenCame(*device);
            if (throttle.due()) flush();
            const auto start = Clock::now();
            changeDevice(*engine, source.get_token());
            if (engine->device.get() != device) cycles = {};
            moving += secondsSince(start);
            return true;
        };
        AnswerFinished finished;
        traceAsWanted();
        const auto done = engine->answer(request, reportTo(source.get_token()), onToken, onText, finished);
        if (engine->session) engine->session->setTrace({}, {});
        // Stopped while the prompt was being read is an answer of no tokens.
        if (!done && done.error().code != ErrorCode::Cancelled) finished.error = done.error();
        finished.result.seconds -= moving;
        flush();
        onGuiThread(this, [this, number, finished] { answerEnded(number, finished); });
        engine->endRun(done);  // nobody waits for what it still measures
    });
}

void EngineClient::tell(TracedTokens traced) {
    onGuiThread(this, [this, traced = std::move(traced)] { emit EngineClient::traced(traced); });
}

std::stop_source EngineClient::replace(Stops& stops, const QString& tag) {
    auto& stop = stops[tag];
    stop.request_stop();
    return stop = std::stop_source();
}

void EngineClient::inspect(const InspectRequest& request) {
    constexpr const char* tag = "inspect";
    if (worker_.drop(tag)) tell({0, 0, nullptr, true, Error{ErrorCode::Cancelled, "replaced by a newer request", {}}});
    post(tag, [this, request, engine = engine_, source = replace(computing_, tag)](const std::stop_token& stop) mutable {
        const std::stop_callback forward(stop, [&source] { source.request_stop(); });
        const auto ended = [this](int text, std::optional<Error> error) { tell({text, 0, nullptr, true, std::move(error)}); };
        if (!engine->model || !engine->model->tokenizer) return ended(0, {});
        const auto prompt = renderChat(request.chatTemplate.value_or(engine->model->chatTemplate), request.messages,
                                       *engine->model->tokenizer, engine->model->checkpoint.model->config);
        auto text = std::make_shared<const ReadText>(engine->readText(prompt, request.answerSoFar));
        onGuiThread(this, [this, text] { emit textRead(text); });
        if (request.trace.items.empty()) return ended(text->number, {});
        const auto same = std::mismatch(text->ids.begin(), text->ids.end(), request.known.begin(), request.known.end()).first;
        const auto from = std::min<std::ptrdiff_t>(request.from, same - text->ids.begin());
        const auto done =
            engine->trace(text->ids, static_cast<std::size_t>(from), request.trace, reportTo(source.get_token()),
                          [&](int firstToken, Trace trace) {
                              tell({text->number, firstToken, std::make_shared<const Trace>(std::move(trace)), false, {}});
                          });
        ended(text->number, done ? std::nullopt : std::optional(done.error()));
    });
}

void EngineClient::traceAnswers(TraceRequest request) { engine_->wantedTrace.set(std::move(request)); }

void EngineClient::cancelCompute(const QString& tag) {
    if (const auto found = computing_.find(tag); found != computing_.end()) found->request_stop();
}

void EngineClient::cancelJob(const QString& tag) {
    if (const auto found = jobs_.find(tag); found != jobs_.end()) found->request_stop();
}

std::shared_ptr<DeviceModel> EngineClient::deviceModel() const { return engine_->device; }
const BackendRegistry& EngineClient::registry() const { return engine_->registry; }
RunStore* EngineClient::runStore() const { return engine_->runs; }

void EngineClient::recordTexts(bool texts) { engine_->recordsTexts = texts; }

void EngineClient::runSweep(const SweepPlan& plan) {
    post(sweepTag, [this, plan, engine = engine_, source = replace(jobs_, sweepTag)](const std::stop_token& stop) mutable {
        const std::stop_callback forward(stop, [&source] { source.request_stop(); });
        SweepContext context{engine->registry, *engine->runs, nullptr, {}, {}};
        if (engine->model) {
            context.openModel = engine->model->checkpoint.model;
            context.openHash = engine->model->hash;
            context.openPath = engine->model->path.toStdString();
        }
        const auto outcome =
            ternion::runSweep(plan, context, reportTo(source.get_token()), [this](const SweepStep& step, int done, int all) {
                onGuiThread(this, [this, step, done, all] { emit sweepStepped(step, done, all); });
            });
        onGuiThread(this, [this, outcome] { emit sweepFinished(outcome); });
    });
}

void EngineClient::answerEnded(int number, const AnswerFinished& finished) {
    if (number != generation_) return;
    answering_ = false;
    emit answerFinished(finished);
}

void EngineClient::stop() {
    if (!answering_) return worker_.stopCurrent();
    answerStop_.request_stop();
    if (!worker_.drop("generate")) return;  // it is running, and tells of its end itself
    AnswerFinished finished;
    finished.result.reason = StopReason::Stopped;
    onGuiThread(this, [this, number = generation_, finished] { answerEnded(number, finished); });
}

}  // namespace ternion::app
