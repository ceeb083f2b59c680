#include "compare/comparison_feed.h"

#include <algorithm>

#include "base/log.h"

namespace ternion::app {

ComparisonFeed::ComparisonFeed(std::size_t sides, const TraceLimits& limits) {
    TraceLimits each = limits;
    each.memoryBytes /= std::max<std::size_t>(sides, 1);
    traces_.reserve(sides);
    for (std::size_t k = 0; k < sides; ++k) traces_.emplace_back(each);
}

void ComparisonFeed::setModels(std::vector<std::shared_ptr<const Model>> models) {
    const std::lock_guard lock(newsMutex_);
    models_ = std::move(models);
}

void ComparisonFeed::begin(const std::vector<std::int64_t>& runs) {
    const std::lock_guard lock(newsMutex_);
    news_.runs = runs;
}

LockstepListener ComparisonFeed::listener() {
    LockstepListener listener;
    listener.stepped = [this](int side, const std::shared_ptr<const SideStep>& step) {
        keep(side, *step);
        StepNote note{side, step->position, step->token, 0, step->seconds, step->cycles};
        note.top = static_cast<TokenId>(std::max_element(step->logits.begin(), step->logits.end()) - step->logits.begin());
        const std::lock_guard lock(newsMutex_);
        news_.steps.push_back(note);
    };
    listener.compared = [this](const StepComparison& comparison) {
        auto kept = std::make_shared<const StepComparison>(comparison);
        const std::lock_guard lock(newsMutex_);
        news_.compared.push_back(std::move(kept));
    };
    listener.failed = [this](int side, const Error& error) {
        const std::lock_guard lock(newsMutex_);
        news_.failures.emplace_back(side, error);
    };
    return listener;
}

void ComparisonFeed::keep(int side, const SideStep& step) {
    const std::lock_guard lock(tracesMutex_);
    for (const Trace::Tensor& tensor : step.trace.tensors) {
        const Status kept = traces_[static_cast<std::size_t>(side)].append(tensor.item, step.position, tensor.tokens,
                                                                           tensor.width, tensor.values);
        if (!kept) log(LogLevel::Warning, kept.error().text());  // older values are dropped then, which droppedBytes() tells
    }
}

FeedNews ComparisonFeed::take() {
    const std::lock_guard lock(newsMutex_);
    return std::exchange(news_, {});
}

std::vector<std::shared_ptr<const Model>> ComparisonFeed::models() const {
    const std::lock_guard lock(newsMutex_);
    return models_;
}

TraceSeries ComparisonFeed::series(int side, TraceRequest::Item item) const {
    const std::lock_guard lock(tracesMutex_);
    return traces_[static_cast<std::size_t>(side)].series(item);
}

std::uint64_t ComparisonFeed::droppedBytes() const {
    const std::lock_guard lock(tracesMutex_);
    std::uint64_t bytes = 0;
    for (const TraceStore& side : traces_) bytes += side.droppedBytes();
    return bytes;
}

}  // namespace ternion::app
