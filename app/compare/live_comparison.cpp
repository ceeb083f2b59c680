#include "compare/live_comparison.h"

#include <QTimer>
#include <algorithm>

#include "engine/engine_client.h"

namespace ternion::app {
namespace {

constexpr const char* jobTag = "compare";
constexpr int fetchMilliseconds = 33;

}  // namespace

double LiveSide::speed() const {
    constexpr std::size_t recent = 32;
    const std::size_t count = std::min(seconds.size(), recent);
    double sum = 0.0;
    for (std::size_t k = seconds.size() - count; k < seconds.size(); ++k) sum += seconds[k];
    return sum > 0.0 ? static_cast<double>(count) / sum : 0.0;
}

LiveComparison::LiveComparison(EngineClient& engine, QObject* parent)
    : QObject(parent), engine_(engine), timer_(new QTimer(this)) {
    timer_->setInterval(fetchMilliseconds);
    connect(timer_, &QTimer::timeout, this, &LiveComparison::take);
}

void LiveComparison::start(AskedComparison asked, const TraceLimits& limits) {
    if (running()) return;
    asked_ = std::move(asked);
    state_ = State::Waiting;
    cancelling_ = false;
    const std::size_t count = asked_.sides.size();
    feed_ = std::make_shared<ComparisonFeed>(count, limits);
    runs_.clear();
    sides_.assign(count, {});
    tops_.assign(count, 0);
    compared_.assign(count, {});
    distances_.assign(count, {});
    firsts_.assign(count, {});
    decoders_.clear();
    for (std::size_t k = 0; k < count; ++k) decoders_.push_back(std::make_unique<StreamDecoder>(asked_.model->tokenizer));
    report_.reset();
    failure_.reset();
    emit began();
    engine_.runJob(
        this, jobTag,
        [asked = asked_, feed = feed_](const BackendRegistry& registry, RunStore* store, const Progress& progress) {
            return runComparison(asked, registry, store, *feed, progress);
        },
        [this](Result<ComparisonReport> outcome) { finish(std::move(outcome)); });
    timer_->start();
}

void LiveComparison::cancel() {
    if (!running()) return;
    cancelling_ = true;
    engine_.cancelJob(jobTag);
}

int LiveComparison::allTokens() const { return static_cast<int>(asked_.lockstep.prompt.size()) + asked_.lockstep.tokens; }

std::vector<TraceRequest::Item> LiveComparison::items() const {
    return asked_.model ? lockstepItems(asked_.lockstep, asked_.model->checkpoint.model->config)
                        : std::vector<TraceRequest::Item>();
}

std::optional<FirstDifference> LiveComparison::firstDifference(int side) const {
    return firsts_[static_cast<std::size_t>(side)];
}

void LiveComparison::take() {
    const FeedNews news = feed_->take();
    if (!news.runs.empty()) {
        state_ = State::Running;
        runs_ = news.runs;
    }
    for (const StepNote& step : news.steps) addStep(step);
    for (const ComparedStep& step : news.compared) addCompared(step);
    for (const auto& [side, error] : news.failures) sides_[static_cast<std::size_t>(side)].error = error;
    if (!news.runs.empty() || !news.steps.empty() || !news.compared.empty() || !news.failures.empty()) emit grew();
}

void LiveComparison::addCompared(const ComparedStep& step) {
    const auto side = static_cast<std::size_t>(step->side);
    compared_[side].push_back(step);
    SideDistance& distance = distances_[side];
    ++distance.compared;
    for (const TensorDifference& tensor : step->tensors) distance.maxAbs = std::max(distance.maxAbs, tensor.maxAbs);
    distance.logits = std::max(distance.logits, step->logitsMaxAbs);
    distance.sumOfKl += step->kl;
    distance.maxKl = std::max(distance.maxKl, step->kl);
    distance.sameTop += step->sameTop ? 1 : 0;
    if (firsts_[side]) return;
    const auto found = std::find_if(step->tensors.begin(), step->tensors.end(),
                                    [](const TensorDifference& tensor) { return tensor.maxAbs > 0.0F; });
    if (found != step->tensors.end())
        firsts_[side] =
            FirstDifference{step->position, items()[static_cast<std::size_t>(found - step->tensors.begin())], *found};
    else if (step->logitsMaxAbs > 0.0F)
        firsts_[side] = FirstDifference{step->position, std::nullopt, {step->logitsMaxAbs, 0.0F, 0}};
}

void LiveComparison::addStep(const StepNote& step) {
    const auto at = static_cast<std::size_t>(step.side);
    LiveSide& side = sides_[at];
    const auto position = static_cast<std::size_t>(step.position);
    const bool answers = position >= asked_.lockstep.prompt.size();
    ShownToken shown{step.token, {}, step.token};
    if (answers && at > 0 && asked_.lockstep.feeding == Feeding::FirstSide && tops_[at] != tops_.front() &&
        sides_.front().tokens.size() > position)
        shown.id = tops_[at];
    shown.text = QString::fromStdString(decoders_[at]->append(shown.id));
    if (asked_.model->tokenizer->isSpecial(shown.id))
        shown.text += QString::fromStdString(asked_.model->tokenizer->piece(shown.id));
    tops_[at] = step.top;
    side.tokens.push_back(std::move(shown));
    side.differs.push_back(0);
    for (std::size_t other = 0; other < sides_.size(); ++other) {
        LiveSide& beside = sides_[other];
        if (other == at || beside.tokens.size() <= position || beside.tokens[position].id == side.tokens.back().id) continue;
        side.differs.back() = 1;
        beside.differs[position] = 1;
    }
    side.seconds.push_back(step.seconds);
    if (!step.cycles || step.cycles->clockHz <= 0.0) return;
    side.clockSeconds.push_back(static_cast<double>(step.cycles->total) / step.cycles->clockHz);
    side.simulated = step.cycles->simulated;
}

void LiveComparison::finish(Result<ComparisonReport> outcome) {
    timer_->stop();
    take();
    state_ = State::Ended;
    if (outcome)
        report_ = std::move(outcome).value();
    else
        failure_ = outcome.error();
    emit ended();
}

}  // namespace ternion::app
