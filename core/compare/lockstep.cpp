#include "compare/lockstep.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <limits>
#include <mutex>
#include <thread>

#include "inspect/divergence.h"

namespace ternion {
namespace {

constexpr std::size_t mostAhead = 4;  // steps that wait to be compared, a side

/// What the threads of the sides and the comparing one share.
class Exchange {
public:
    Exchange(std::size_t sides, std::vector<TokenId> prompt, bool oneText)
        : queues_(sides), ended_(sides, false), text_(std::move(prompt)), oneText_(oneText) {}

    /// False: nobody wants more.
    bool push(std::size_t side, std::shared_ptr<const SideStep> step) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return closed_ || queues_[side].size() < mostAhead; });
        if (closed_) return false;
        queues_[side].push_back(std::move(step));
        changed_.notify_all();
        return true;
    }
    void end(std::size_t side) {
        const std::lock_guard lock(mutex_);
        ended_[side] = true;
        changed_.notify_all();
    }
    /// Null: the side has ended.
    std::shared_ptr<const SideStep> pop(std::size_t side) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return ended_[side] || !queues_[side].empty(); });
        if (queues_[side].empty()) return nullptr;
        auto step = std::move(queues_[side].front());
        queues_[side].pop_front();
        changed_.notify_all();
        return step;
    }
    void close() {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        changed_.notify_all();
    }

    /// The first side's choice, for those that are fed its text.
    void extend(TokenId token) {
        const std::lock_guard lock(mutex_);
        text_.push_back(token);
        changed_.notify_all();
    }
    /// Token `position` of the first side's text, once it is there; nothing where that side has ended before.
    std::optional<TokenId> textAt(std::size_t position) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return closed_ || ended_.front() || position < text_.size(); });
        return position < text_.size() ? std::optional(text_[position]) : std::nullopt;
    }
    bool oneText() const { return oneText_; }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::deque<std::shared_ptr<const SideStep>>> queues_;
    std::vector<bool> ended_;
    std::vector<TokenId> text_;
    const bool oneText_;
    bool closed_ = false;
};

/// One side's way through the tokens.
class Side {
public:
    Side(std::size_t number, std::shared_ptr<DeviceModel> device, const LockstepPlan& plan, Exchange& exchange,
         std::stop_token stop)
        : number_(number), device_(std::move(device)), plan_(plan), exchange_(exchange), stop_(std::move(stop)) {}

    void run() {
        if (const Status status = feed(); !status && status.error().code != ErrorCode::Cancelled)
            result_.error = status.error();
        result_.memory = device_->memory();
        exchange_.end(number_);
    }
    SideResult& result() { return result_; }

private:
    Status feed() {
        TERNION_TRY(const auto state, device_->createState());
        ForwardOptions forward;
        forward.trace.items = lockstepItems(plan_, device_->model().config);
        forward.stop = stop_;
        Sampler sampler(plan_.sampler);
        const std::size_t all = plan_.prompt.size() + static_cast<std::size_t>(plan_.tokens);
        TokenId chosen = 0;
        for (std::size_t position = 0; position < all; ++position) {
            if (stop_.stop_requested()) return {};
            const TokenId token = next(position, chosen);
            const auto begin = std::chrono::steady_clock::now();
            TERNION_TRY(auto output, device_->forward({&token, 1}, *state, forward));
            auto step = std::make_shared<SideStep>();
            step->seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
            step->position = static_cast<int>(position);
            step->token = token;
            step->logits = std::move(output.logits);
            step->trace = std::move(output.trace);
            step->cycles = device_->lastToken();
            step->memory = device_->memory();
            result_.tokens.push_back(token);
            result_.seconds.push_back(step->seconds);
            if (step->cycles) result_.cycles.push_back(*step->cycles);
            if (position + 1 >= plan_.prompt.size()) {
                chosen = sampler.sample(step->logits, result_.tokens, 0).id;
                if (number_ == 0) exchange_.extend(chosen);
            }
            if (!exchange_.push(number_, std::move(step))) return {};
        }
        return {};
    }
    /// A side whose text comes from one that has failed goes on with its own.
    TokenId next(std::size_t position, TokenId chosen) {
        if (position < plan_.prompt.size()) return plan_.prompt[position];
        if (number_ == 0 || !exchange_.oneText()) return chosen;
        return exchange_.textAt(position).value_or(chosen);
    }

    std::size_t number_;
    std::shared_ptr<DeviceModel> device_;
    const LockstepPlan& plan_;
    Exchange& exchange_;
    std::stop_token stop_;
    SideResult result_;
};

TensorDifference difference(std::span<const float> a, std::span<const float> b) {
    TensorDifference found;
    double apart = 0.0, length = 0.0;
    for (std::size_t k = 0; k < a.size(); ++k) {
        const double d = static_cast<double>(a[k]) - b[k];
        const bool bothAreNone = std::isnan(a[k]) && std::isnan(b[k]);
        const float size = bothAreNone || a[k] == b[k] ? 0.0F
                           : std::isfinite(d)          ? static_cast<float>(std::fabs(d))
                                                       : std::numeric_limits<float>::infinity();
        if (size > found.maxAbs) {
            found.maxAbs = size;
            found.channel = static_cast<int>(k);
        }
        apart += d * d;
        length += static_cast<double>(a[k]) * a[k];
    }
    if (found.maxAbs > 0.0F)
        found.relative = length > 0.0 && std::isfinite(apart) ? static_cast<float>(std::sqrt(apart / length))
                                                              : std::numeric_limits<float>::infinity();
    return found;
}

StepComparison compare(const SideStep& first, const SideStep& other, int side) {
    StepComparison made;
    made.side = side;
    made.position = first.position;
    made.tensors.reserve(first.trace.tensors.size());
    for (std::size_t k = 0; k < first.trace.tensors.size(); ++k)
        made.tensors.push_back(difference(first.trace.tensors[k].values, other.trace.tensors[k].values));
    const auto top = [](const std::vector<float>& row) { return std::max_element(row.begin(), row.end()) - row.begin(); };
    made.logitsMaxAbs = difference(first.logits, other.logits).maxAbs;
    made.kl = made.logitsMaxAbs == 0.0F ? 0.0 : divergence(first.logits, other.logits);
    made.sameTop = top(first.logits) == top(other.logits);
    return made;
}

std::optional<Divergence> divergenceOf(const StepComparison& comparison, const SideStep& first, const SideStep& other,
                                       double threshold) {
    const auto at = [&](std::optional<TraceRequest::Item> item, std::span<const float> a, std::span<const float> b,
                        int channel) {
        const auto c = static_cast<std::size_t>(channel);
        return Divergence{comparison.side, comparison.position, item, channel, a[c], b[c]};
    };
    for (std::size_t k = 0; k < comparison.tensors.size(); ++k)
        if (comparison.tensors[k].maxAbs > threshold) {
            const Trace::Tensor& tensor = first.trace.tensors[k];
            return at(tensor.item, tensor.values, other.trace.tensors[k].values, comparison.tensors[k].channel);
        }
    if (comparison.logitsMaxAbs > threshold)
        return at(std::nullopt, first.logits, other.logits, difference(first.logits, other.logits).channel);
    return std::nullopt;
}

void add(ComparisonSummary& summary, const StepComparison& comparison) {
    ++summary.compared;
    summary.worst.resize(comparison.tensors.size());
    for (std::size_t k = 0; k < comparison.tensors.size(); ++k) {
        TensorDifference& worst = summary.worst[k];
        worst.relative = std::max(worst.relative, comparison.tensors[k].relative);
        if (comparison.tensors[k].maxAbs > worst.maxAbs) {
            worst.maxAbs = comparison.tensors[k].maxAbs;
            worst.channel = comparison.tensors[k].channel;
        }
    }
    summary.meanKl += (comparison.kl - summary.meanKl) / summary.compared;
    summary.maxKl = std::max(summary.maxKl, comparison.kl);
    summary.logitsMaxAbs = std::max(summary.logitsMaxAbs, comparison.logitsMaxAbs);
    summary.sameTop += comparison.sameTop ? 1 : 0;
}

/// Differences that are none: see LockstepPlan::threshold.
double thresholdOf(const LockstepPlan& plan, const DeviceModel& first, const DeviceModel& other) {
    if (plan.threshold) return *plan.threshold;
    return first.profile() == other.profile() ? 0.0 : std::numeric_limits<double>::infinity();
}

}  // namespace

std::string describe(const Divergence& divergence) {
    std::string text = "token " + std::to_string(divergence.position) + ", ";
    if (divergence.item)
        text.append("layer ")
            .append(std::to_string(divergence.item->layer))
            .append(", ")
            .append(nameOf(divergence.item->tensor));
    else
        text += "logits";
    char values[80];
    std::snprintf(values, sizeof values, ", channel %d: %.9g became %.9g", divergence.channel,
                  static_cast<double>(divergence.first), static_cast<double>(divergence.other));
    return text + values;
}

float ComparisonSummary::maxAbs() const {
    float most = logitsMaxAbs;
    for (const TensorDifference& tensor : worst) most = std::max(most, tensor.maxAbs);
    return most;
}

std::vector<TraceRequest::Item> lockstepItems(const LockstepPlan& plan, const ModelConfig& config) {
    std::vector<TraceRequest::Item> items;
    for (int layer = 0; layer < config.numLayers; ++layer)
        for (int k = 0; k < traceTensors; ++k) {
            const auto tensor = static_cast<TraceTensor>(k);
            if (plan.tensors.empty() || std::find(plan.tensors.begin(), plan.tensors.end(), tensor) != plan.tensors.end())
                items.push_back({tensor, layer});
        }
    return items;
}

Status checkLockstep(const std::vector<std::shared_ptr<DeviceModel>>& sides, const LockstepPlan& plan) {
    const auto refused = [](std::string what) { return Error{ErrorCode::InvalidArgument, std::move(what), {}}; };
    if (sides.size() < 2) return refused("a comparison takes two devices or more");
    if (plan.prompt.empty()) return refused("a comparison begins with a prompt of one token or more");
    if (plan.tokens < 0) return refused("the number of tokens is negative");
    TERNION_CHECK(plan.sampler.validate());
    for (auto side = sides.begin(); side != sides.end(); ++side)
        if (std::find(sides.begin(), side, *side) != side)
            return refused("a side appears twice; load the model once more for it");
    const ModelConfig& config = sides.front()->model().config;
    for (const TokenId token : plan.prompt)
        if (token < 0 || token >= config.vocabSize)
            return refused("token " + std::to_string(token) + " is not in the vocabulary");
    for (const auto& side : sides) {
        const ModelConfig& other = side->model().config;
        if (other.vocabSize != config.vocabSize || other.hiddenSize != config.hiddenSize ||
            other.numLayers != config.numLayers || other.intermediateSize != config.intermediateSize ||
            other.stateSize() != config.stateSize())
            return refused("the models differ in shape: " + side->model().name + " cannot be compared with " +
                           sides.front()->model().name);
    }
    return {};
}

Result<LockstepResult> runLockstep(const std::vector<std::shared_ptr<DeviceModel>>& devices, const LockstepPlan& plan,
                                   const LockstepListener& listener, const std::stop_token& stop) {
    TERNION_CHECK(checkLockstep(devices, plan));
    LockstepResult result;
    std::vector<double> thresholds;
    for (std::size_t k = 1; k < devices.size(); ++k) {
        result.comparisons.emplace_back().side = static_cast<int>(k);
        thresholds.push_back(thresholdOf(plan, *devices.front(), *devices[k]));
    }

    Exchange exchange(devices.size(), plan.prompt, plan.feeding == Feeding::FirstSide);
    std::stop_source ending;
    const std::stop_callback forward(stop, [&] {
        ending.request_stop();
        exchange.close();
    });
    std::deque<Side> sides;
    for (std::size_t k = 0; k < devices.size(); ++k) sides.emplace_back(k, devices[k], plan, exchange, ending.get_token());
    {
        std::vector<std::jthread> threads;
        threads.reserve(sides.size());
        for (Side& side : sides) threads.emplace_back([&side] { side.run(); });

        std::vector<bool> ended(sides.size(), false);
        std::vector<bool> sameText(sides.size(), true);
        while (std::find(ended.begin(), ended.end(), false) != ended.end()) {
            std::vector<std::shared_ptr<const SideStep>> steps(sides.size());
            for (std::size_t k = 0; k < sides.size(); ++k) {
                if (ended[k]) continue;
                steps[k] = exchange.pop(k);
                ended[k] = steps[k] == nullptr;
                if (ended[k] && sides[k].result().error && listener.failed)
                    listener.failed(static_cast<int>(k), *sides[k].result().error);
                if (!ended[k] && listener.stepped) listener.stepped(static_cast<int>(k), steps[k]);
            }
            for (std::size_t k = 1; k < sides.size(); ++k) {
                if (!steps[0] || !steps[k]) continue;
                sameText[k] = sameText[k] && steps[0]->token == steps[k]->token;
                if (!sameText[k]) continue;
                const StepComparison made = compare(*steps[0], *steps[k], static_cast<int>(k));
                ComparisonSummary& summary = result.comparisons[k - 1];
                add(summary, made);
                if (!summary.divergence) summary.divergence = divergenceOf(made, *steps[0], *steps[k], thresholds[k - 1]);
                if (listener.compared) listener.compared(made);
                if (summary.divergence && plan.stopAtDivergence) {
                    ending.request_stop();
                    exchange.close();
                }
            }
        }
    }
    for (Side& side : sides) result.sides.push_back(std::move(side.result()));
    result.stopped = stop.stop_requested();
    return result;
}

}  // namespace ternion
