#include "engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

namespace ternion {
namespace {

float largest(std::span<const float> logits) { return *std::max_element(logits.begin(), logits.end()); }

/// Sum of exp(logit - peak), in double: what a probability is divided by.
double partition(std::span<const float> logits, float peak) {
    double sum = 0.0;
    for (const float logit : logits) sum += std::exp(static_cast<double>(logit - peak));
    return sum;
}

/// Descending by value; the lower id first among equals, so that a draw never depends on the sort.
auto byValue(std::span<const float> values) {
    return [values](TokenId a, TokenId b) {
        const float left = values[static_cast<std::size_t>(a)];
        const float right = values[static_cast<std::size_t>(b)];
        return left != right ? left > right : a < b;
    };
}

/// The ids of the `count` largest values, descending, in `ids`.
void keepLargest(std::span<const float> values, std::size_t count, std::vector<TokenId>& ids) {
    ids.resize(values.size());
    std::iota(ids.begin(), ids.end(), 0);
    count = std::min(count, ids.size());
    std::partial_sort(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(count), ids.end(), byValue(values));
    ids.resize(count);
}

std::uint32_t drawFrom(std::mt19937_64& random) { return static_cast<std::uint32_t>(random() >> 32); }

}  // namespace

Status SamplerSettings::validate() const {
    const auto outside = [](const char* name, double value, const char* range) {
        return Error{ErrorCode::InvalidArgument, std::string(name) + " is " + std::to_string(value) + "; choose " + range, {}};
    };
    // Written as !(inside) so that NaN is refused too.
    if (!(temperature >= 0.0F && temperature <= 100.0F)) return outside("temperature", temperature, "0 to 100");
    if (topK < 0) return outside("top-k", topK, "0 (all) or more");
    if (!(topP > 0.0F && topP <= 1.0F)) return outside("top-p", topP, "more than 0, up to 1 (all)");
    if (!(minP >= 0.0F && minP < 1.0F)) return outside("min-p", minP, "0 (all) to below 1");
    if (!(repetitionPenalty > 0.0F && repetitionPenalty <= 100.0F))
        return outside("repetition penalty", repetitionPenalty, "more than 0, up to 100 (1: none)");
    if (repetitionWindow < 0) return outside("repetition window", repetitionWindow, "0 (all) or more");
    return {};
}

Sampler::Sampler(const SamplerSettings& settings) : settings_(settings), random_(settings.seed) {
    if (settings.temperature > 0.0F) choice_.inverseTemperature = std::min(1.0F / settings.temperature, 1e30F);
    choice_.topK = static_cast<std::uint32_t>(settings.topK);
    if (settings.topP < 1.0F) choice_.topP = std::max(1U, static_cast<std::uint32_t>(settings.topP * 0x1p32F));
    choice_.leastWeight = std::max(1U, static_cast<std::uint32_t>(std::ceil(settings.minP * 0xFFFFFFp0F)));
}

std::vector<std::uint32_t> Sampler::ahead(int count) const {
    auto random = random_;
    std::vector<std::uint32_t> draws(static_cast<std::size_t>(count));
    for (auto& draw : draws) draw = drawFrom(random);
    return draws;
}

SampledToken Sampler::sample(std::span<const float> logits, std::span<const TokenId> history, int alternatives) {
    auto penalised = logits;
    if (settings_.repetitionPenalty != 1.0F) {
        penalised_.assign(logits.begin(), logits.end());
        const auto window = static_cast<std::size_t>(settings_.repetitionWindow);
        if (window > 0 && window < history.size()) history = history.last(window);
        for (const TokenId id : history) {
            const auto k = static_cast<std::size_t>(id);
            if (k < logits.size())  // from the original, so that a token repeated many times is penalised once
                penalised_[k] =
                    logits[k] > 0.0F ? logits[k] / settings_.repetitionPenalty : logits[k] * settings_.repetitionPenalty;
        }
        penalised = penalised_;
    }
    SampledToken result;
    result.id = chooseToken(penalised, choice_, choice_.draws() ? drawFrom(random_) : 0, weights_);

    // A pass of exponentials over the vocabulary: only for those who look at it.
    if (alternatives > 0) {
        const float peak = largest(logits);
        const double all = partition(logits, peak);
        const auto probability = [&](TokenId id) {
            return static_cast<float>(std::exp(static_cast<double>(logits[static_cast<std::size_t>(id)] - peak)) / all);
        };
        result.probability = probability(result.id);
        keepLargest(logits, static_cast<std::size_t>(alternatives), candidates_);
        for (const TokenId id : candidates_) result.alternatives.push_back({id, probability(id)});
    }
    return result;
}

std::vector<TokenProbability> topTokens(std::span<const float> logits, int count) {
    return Sampler(SamplerSettings{}).sample(logits, {}, count).alternatives;
}

}  // namespace ternion
