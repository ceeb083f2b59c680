#include "runs/run_recorder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "base/percentile.h"
#include "measure/energy.h"
#include "measure/host_memory.h"
#include "measure/sampler.h"

namespace ternion {
namespace {

using Clock = RunRecorder::Clock;

/// What a run is told, each a series.
enum Told : std::uint8_t { TokenLatency, PrefillPass, Weights, State, Scratch, TraceBuffers, Count };
constexpr std::array<std::pair<const char*, const char*>, Count> toldSeries{{{"token_latency", "s"},
                                                                             {"prefill_pass", "s"},
                                                                             {"memory.weights", "B"},
                                                                             {"memory.state", "B"},
                                                                             {"memory.scratch", "B"},
                                                                             {"memory.trace", "B"}}};

/// Readings before a run that tell what the device uses while it rests, and what is left out behind a run.
constexpr double restSeconds = 20.0, settleSeconds = 1.0;
/// What waits for a disk that is full, at most; more is lost.
constexpr std::size_t mostWaiting = 2'000'000;

double secondsOf(Clock::time_point time) { return std::chrono::duration<double>(time.time_since_epoch()).count(); }

/// A simulated board takes the processor's power, but none of its own.
std::string_view sensorOf(const DeviceInfo& device) {
    if (device.backend == "fpga") return ".board";
    return device.backend == "cpu" || device.software ? ".cpu" : ".gpu";
}

bool tellsEnergy(const ProbeFacts& facts) { return facts.unit == "J" || facts.unit == "W"; }

}  // namespace

class RunRecorder::Writer {
public:
    Writer(RunStore& store, const std::shared_ptr<const DeviceModel>& device, const ProbeSources& sources,
           std::chrono::milliseconds flush)
        : store_(store),
          sensor_(sensorOf(device->device())),
          flush_(flush),
          probes_(std::make_shared<const Probes>(findProbes(device, sources))),
          readings_(probes_->size()),
          lost_(probes_->size()) {
        thread_ = std::jthread([this](const std::stop_token& stop) { write(stop); });
        sampler_.emplace(
            probes_, [this](std::size_t probe, Clock::time_point time, double value) { read(probe, time, value); },
            [this](std::size_t probe, const Error& error) { gone(probe, error); });
    }

    std::int64_t run() const { return run_; }
    std::int64_t lastRun() const { return lastRun_; }
    const RunStore& store() const { return store_; }

    Result<std::int64_t> begin(const RunFacts& facts, const RunTexts& texts) {
        TERNION_TRY(const auto run, store_.begin(facts, texts));
        std::vector<std::int64_t> ids;
        const auto add = [&](const SeriesFacts& series) -> Status {
            TERNION_TRY(const auto id, store_.addSeries(run, series));
            ids.push_back(id);
            return {};
        };
        for (const auto& [name, unit] : toldSeries) TERNION_CHECK(add({0, name, unit, Source::Measured, 0.0, {}, {}}));
        for (std::size_t k = 0; k < probes_->size(); ++k) {
            const ProbeFacts& probe = (*probes_)[k]->facts();
            TERNION_CHECK(add({0, probe.name, probe.unit, probe.source, probe.period, probe.detail,
                               probe.missing.empty() ? lost(k) : probe.missing}));
        }
        const std::lock_guard lock(mutex_);
        run_ = lastRun_ = run;
        texts_ = texts.prompt || texts.promptIds;
        series_ = std::move(ids);
        waiting_ = {run, {}, {}, {}};
        for (const auto id : series_) waiting_.samples.emplace_back(RunBatch::Samples{id, {}});
        latencies_.clear();
        clock_ = {};
        prefillTokens_ = 0;
        prefillSeconds_ = 0.0;
        peak_ = 0;
        start_ = Clock::now();
        return run;
    }

    void told(Told what, double value, Clock::time_point time = Clock::now()) {
        waiting_.samples[what].samples.push_back({sinceStart(time), value});
    }

    void prefilled(int tokens, double seconds) {
        const std::lock_guard lock(mutex_);
        if (run_ == 0) return;
        told(PrefillPass, seconds);
        prefillTokens_ += tokens;
        prefillSeconds_ += seconds;
    }

    void decoded(TokenId token, double seconds) {
        const auto now = Clock::now();
        const std::lock_guard lock(mutex_);
        if (run_ == 0) return;
        auto& samples = waiting_.samples[TokenLatency].samples;
        // As the store will move it, so that the token's time is its sample's.
        lastToken_ = latencies_.empty() ? sinceStart(now) : std::max(sinceStart(now), lastToken_ + 1);
        samples.push_back({lastToken_, seconds});
        waiting_.tokens.push_back({static_cast<int>(latencies_.size()), lastToken_, texts_ ? token : TokenId{-1}});
        if (latencies_.empty()) firstDecode_ = secondsOf(now) - seconds;
        lastDecode_ = secondsOf(now);
        latencies_.push_back(seconds);
    }

    void clocked(const CycleCounts& cycles) {
        const std::lock_guard lock(mutex_);
        if (run_ == 0) return;
        clock_.source = cycles.simulated ? Source::Modelled : Source::Measured;
        clock_.seconds.push_back(static_cast<double>(cycles.total) / cycles.clockHz);
        clock_.waiting.push_back({sinceStart(Clock::now()), clock_.seconds.back()});
    }

    void memory(const MemoryUse& use) {
        const std::lock_guard lock(mutex_);
        if (run_ == 0) return;
        const auto now = Clock::now();
        for (const auto& [what, bytes] : {std::pair{Weights, use.weights}, std::pair{State, use.state},
                                          std::pair{Scratch, use.scratch}, std::pair{TraceBuffers, use.trace}})
            told(what, static_cast<double>(bytes), now);
        peak_ = std::max(peak_, use.total());
    }

    void kernels(bool prefill, const PassTimes& pass) {
        const std::lock_guard lock(mutex_);
        if (run_ == 0) return;
        for (const KernelTime& time : pass.kernels) waiting_.kernels.push_back({prefill, pass.tokens, time});
    }

    Status end(const Outcome& outcome) {
        if (run_ == 0) return Error{ErrorCode::InvalidArgument, "no run is being recorded", {}};
        const auto now = Clock::now();
        RunEnd end{outcome.state,   std::chrono::duration<double>(now - start_).count(),
                   outcome.error,   outcome.figures,
                   outcome.missing, outcome.answer};
        std::int64_t run = 0;
        {
            const std::lock_guard lock(mutex_);
            run = std::exchange(run_, 0);
            addFigures(end);
            lastEnd_ = secondsOf(now);
        }
        const auto flushed = flush();
        const auto finished = store_.finish(run, end);
        return flushed ? finished : flushed;
    }

    /// Swaps out what waits, and writes it while the run goes on.
    Status flush() {
        const std::lock_guard writing(writing_);
        TERNION_CHECK(addClock());
        RunBatch batch;
        {
            const std::lock_guard lock(mutex_);
            if (waiting_.run == 0) return {};
            batch = {waiting_.run, {}, std::exchange(waiting_.tokens, {}), std::exchange(waiting_.kernels, {})};
            for (auto& part : waiting_.samples)
                if (!part.samples.empty()) batch.samples.push_back({part.series, std::exchange(part.samples, {})});
        }
        if (batch.samples.empty() && batch.tokens.empty() && batch.kernels.empty()) return {};
        auto written = store_.write(batch);
        if (!written) putBack(batch, written.error());
        return written;
    }

    std::optional<Error> trouble() {
        const std::lock_guard lock(mutex_);
        return std::exchange(trouble_, std::nullopt);
    }

private:
    /// Of the tokens of a device that counts cycles: known to be one, and a series, once it has counted some.
    struct DeviceClock {
        Source source = Source::Modelled;
        std::int64_t series = 0;
        std::vector<double> seconds;
        std::vector<Sample> waiting;  // for the series
    };

    /// What the device's clock said goes to what waits to be written, to a series that is made for the first of it.
    Status addClock() {
        std::int64_t run = 0, series = 0;
        SeriesFacts facts{0, "token_clock", "s", Source::Modelled, 0.0, "the device's cycles by its clock", {}};
        {
            const std::lock_guard lock(mutex_);
            if (clock_.waiting.empty()) return {};
            run = waiting_.run;
            series = clock_.series;
            facts.source = clock_.source;
        }
        if (series == 0) {
            const auto made = store_.addSeries(run, facts);
            const std::lock_guard lock(mutex_);
            if (!made) trouble_ = made.error();
            if (!made) return made.error();
            series = clock_.series = *made;
            waiting_.samples.push_back({series, {}});
        }
        const std::lock_guard lock(mutex_);
        for (auto& part : waiting_.samples)
            if (part.series == series) part.samples.insert(part.samples.end(), clock_.waiting.begin(), clock_.waiting.end());
        clock_.waiting.clear();
        return {};
    }

    std::int64_t sinceStart(Clock::time_point time) const {
        return std::chrono::duration_cast<std::chrono::nanoseconds>(time - start_).count();
    }

    std::string lost(std::size_t probe) const {
        const std::lock_guard lock(mutex_);
        return lost_[probe];
    }

    void read(std::size_t probe, Clock::time_point time, double value) {
        const std::lock_guard lock(mutex_);
        auto& readings = readings_[probe];
        readings.push_back({secondsOf(time), value});
        if (run_ == 0)
            while (readings.front().time < secondsOf(time) - restSeconds) readings.pop_front();
        else if (time >= start_)
            waiting_.samples[Count + probe].samples.push_back({sinceStart(time), value});
    }

    void gone(std::size_t probe, const Error& error) {
        std::int64_t series = 0;
        {
            const std::lock_guard lock(mutex_);
            lost_[probe] = error.text();
            if (run_ != 0) series = series_[Count + probe];
        }
        if (series != 0) static_cast<void>(store_.endSeries(series, error.text()));  // the run's other troubles are told
    }

    /// What could not be written comes before what has been told since.
    void putBack(RunBatch& batch, const Error& error) {
        const std::lock_guard lock(mutex_);
        trouble_ = error;
        std::size_t waiting = batch.tokens.size();
        for (const auto& part : batch.samples) waiting += part.samples.size();
        if (waiting > mostWaiting || waiting_.run != batch.run) {
            trouble_->message += "; measurements of a run are lost";
            return;
        }
        const auto before = [](auto& later, auto& earlier) { later.insert(later.begin(), earlier.begin(), earlier.end()); };
        before(waiting_.tokens, batch.tokens);
        before(waiting_.kernels, batch.kernels);
        for (auto& part : batch.samples)
            for (auto& later : waiting_.samples)
                if (later.series == part.series) before(later.samples, part.samples);
    }

    void write(const std::stop_token& stop) {
        std::mutex waiting;
        std::condition_variable_any wake;
        std::unique_lock lock(waiting);
        while (!stop.stop_requested()) {
            wake.wait_for(lock, stop, flush_, [] { return false; });
            static_cast<void>(flush());  // trouble() tells
        }
    }

    void addFigures(RunEnd& end) {
        const auto add = [&](const char* name, double value, const char* unit, Source source = Source::Measured) {
            const auto named = [&](const auto& one) { return one.name == name; };
            const auto given = std::any_of(end.figures.begin(), end.figures.end(), named) ||
                               std::any_of(end.missing.begin(), end.missing.end(), named);
            if (!given) end.figures.push_back({name, value, unit, source});
        };
        if (!latencies_.empty()) {
            double all = 0.0;
            for (const double seconds : latencies_) all += seconds;
            add("decode_tokens", static_cast<double>(latencies_.size()), "1");
            add("decode_tok_s", static_cast<double>(latencies_.size()) / all, "1/s");
            for (const auto& [name, share] :
                 {std::pair{"decode_ms_p50", 0.5}, std::pair{"decode_ms_p90", 0.9}, std::pair{"decode_ms_p99", 0.99}})
                add(name, 1e3 * percentile(latencies_, share), "ms");
        }
        if (prefillSeconds_ > 0.0) {
            add("prefill_tokens", prefillTokens_, "1");
            add("prefill_tok_s", prefillTokens_ / prefillSeconds_, "1/s");
        }
        if (!clock_.seconds.empty()) add("clock_ms_p50", 1e3 * percentile(clock_.seconds, 0.5), "ms", clock_.source);
        if (peak_ > 0) add("peak_device_bytes", static_cast<double>(peak_), "B");
        if (const auto host = hostMemory()) add("peak_host_bytes", static_cast<double>(host->peak), "B");
        if (!latencies_.empty()) addEnergy(end, add);
    }

    std::vector<Reading> readingsOf(std::size_t probe) const { return {readings_[probe].begin(), readings_[probe].end()}; }

    template <class Add>
    void addEnergy(RunEnd& end, const Add& add) {
        // Of what computes. A counter knows more than powers read now and then, but some are read too rarely for a short run.
        std::optional<std::size_t> sensor;
        std::optional<Energy> used;
        std::string reason = "nothing on this machine tells how much power the device takes";
        bool sensed = false;
        for (const auto kind : {ProbeFacts::Kind::Level, ProbeFacts::Kind::Counter})
            for (std::size_t k = 0; k < probes_->size(); ++k) {
                const ProbeFacts& facts = (*probes_)[k]->facts();
                if (!tellsEnergy(facts) || facts.kind != kind || facts.name.find(sensor_) == std::string::npos) continue;
                sensed = sensed || facts.missing.empty();
                const auto energy = energyBetween(facts, readingsOf(k), firstDecode_, lastDecode_);
                if (energy) {
                    sensor = k;
                    used = *energy;
                } else {
                    reason = energy.error().text();
                }
            }
        // What the caller has against a figure stands; but where there is no sensor at all, that is why.
        const auto lacks = [&](const char* name, const std::string& why) {
            const bool given =
                std::any_of(end.missing.begin(), end.missing.end(), [&](const MissingFigure& one) { return one.name == name; });
            if (!sensed || !given) end.missing.push_back({name, why});
        };
        if (!used) {
            for (const char* name : {"energy_per_token", "energy_per_token_above_idle"}) lacks(name, reason);
            return;
        }
        const ProbeFacts& probe = (*probes_)[*sensor]->facts();
        const std::vector<Reading> readings = readingsOf(*sensor);
        // What the sensor covers may be a little shorter than the run.
        const double tokens = static_cast<double>(latencies_.size());
        const double share = (lastDecode_ - firstDecode_) / used->seconds;
        add("energy_per_token", used->joules * share / tokens, "J", probe.source);
        add("mean_power", used->watts(), "W", probe.source);
        const double rested = lastEnd_ > 0.0 ? lastEnd_ + settleSeconds : secondsOf(start_) - restSeconds;
        const auto idle = idleWatts(probe, readings, std::max(rested, secondsOf(start_) - restSeconds), secondsOf(start_));
        if (!idle) {
            lacks("energy_per_token_above_idle",
                  "the device had no rest before the run in which its idle power could be read: wait " +
                      std::to_string(static_cast<int>(std::ceil(leastPeriods * probe.period + settleSeconds))) +
                      " s before it");
            return;
        }
        add("idle_power", *idle, "W", probe.source);
        add("energy_per_token_above_idle", aboveIdle(*used, *idle) * share / tokens, "J", probe.source);
    }

    RunStore& store_;
    const std::string_view sensor_;  ///< part of the names of the probes of its power
    const std::chrono::milliseconds flush_;
    const std::shared_ptr<const Probes> probes_;
    std::mutex writing_;                         // one batch at a time; taken before mutex_
    mutable std::mutex mutex_;                   // all below
    std::vector<std::deque<Reading>> readings_;  // of each probe: since the rest before the run
    std::vector<std::string> lost_;              // why a probe is not read any more
    std::int64_t run_ = 0, lastRun_ = 0;
    bool texts_ = false;
    std::vector<std::int64_t> series_;  // what is told, then the probes
    RunBatch waiting_;                  // its samples as series_
    std::vector<double> latencies_;
    DeviceClock clock_;
    std::int64_t lastToken_ = 0;
    double firstDecode_ = 0.0, lastDecode_ = 0.0, lastEnd_ = 0.0;
    double prefillTokens_ = 0, prefillSeconds_ = 0.0;
    std::uint64_t peak_ = 0;
    Clock::time_point start_;
    std::optional<Error> trouble_;
    std::jthread thread_;
    std::optional<ProbeSampler> sampler_;  // last: it tells until it is gone
};

RunRecorder::RunRecorder(RunStore& store, const std::shared_ptr<const DeviceModel>& device, const ProbeSources& sources,
                         std::chrono::milliseconds flush)
    : writer_(std::make_unique<Writer>(store, device, sources, flush)) {}

RunRecorder::~RunRecorder() {
    if (run() != 0) static_cast<void>(end({RunState::Stopped}));
}

Result<std::int64_t> RunRecorder::begin(const RunFacts& facts, const RunTexts& texts) {
    if (run() != 0) TERNION_CHECK(end({RunState::Stopped}));
    return writer_->begin(facts, texts);
}

std::int64_t RunRecorder::run() const { return writer_->run(); }

std::int64_t RunRecorder::lastRun() const { return writer_->lastRun(); }

const RunStore& RunRecorder::store() const { return writer_->store(); }

void RunRecorder::prefilled(int tokens, double seconds) { writer_->prefilled(tokens, seconds); }

void RunRecorder::decoded(TokenId token, double seconds) { writer_->decoded(token, seconds); }

void RunRecorder::clocked(const CycleCounts& cycles) { writer_->clocked(cycles); }

void RunRecorder::memory(const MemoryUse& use) { writer_->memory(use); }

void RunRecorder::kernels(bool prefill, const PassTimes& pass) { writer_->kernels(prefill, pass); }

Status RunRecorder::end(const Outcome& outcome) { return writer_->end(outcome); }

std::optional<Error> RunRecorder::trouble() { return writer_->trouble(); }

}  // namespace ternion
