#include "backend/token_choice.h"

#include <algorithm>

#include "backend/float_profile.h"

namespace ternion {
namespace {

constexpr std::uint32_t wholeWeight = (1U << 24) - 1;  // of the most probable token

std::uint32_t weightOf(float logit, float largest, float inverseTemperature) {
    const float scaled = (logit - largest) * inverseTemperature;
    if (!(scaled > -17.0F)) return 0;  // rounded, nothing is left of it; nor of what is no number
    return static_cast<std::uint32_t>(profile::exponential(std::min(scaled, 0.0F)) * static_cast<float>(wholeWeight));
}

/// `fraction` (in 2^-32) of `sum`, rounded down.
std::uint64_t share(std::uint64_t sum, std::uint32_t fraction) {
    return (sum >> 32) * fraction + (((sum & 0xFFFFFFFFU) * fraction) >> 32);
}

std::uint64_t countFrom(std::span<const std::uint32_t> weights, std::uint32_t least) {
    std::uint32_t count = 0;
    for (const std::uint32_t weight : weights) count += weight >= least ? 1 : 0;
    return count;
}

std::uint64_t sumFrom(std::span<const std::uint32_t> weights, std::uint32_t least) {
    std::uint64_t sum = 0;
    for (const std::uint32_t weight : weights) sum += weight >= least ? weight : 0;
    return sum;
}

/// The largest weight from which on there is `need` of `amount`; `least` where there is less.
template <class Amount>
std::uint32_t raise(std::uint32_t least, std::uint64_t need, std::span<const std::uint32_t> weights, const Amount& amount) {
    std::uint32_t found = 0;
    for (std::uint32_t bit = 1U << 23; bit > 0; bit /= 2)
        if (amount(weights, std::max(found | bit, least)) >= need) found |= bit;
    return std::max(found, least);
}

}  // namespace

TokenId chooseToken(std::span<const float> logits, const TokenChoice& choice, std::uint32_t draw,
                    std::vector<std::uint32_t>& weights) {
    const auto largest = std::max_element(logits.begin(), logits.end());
    if (!choice.draws()) return static_cast<TokenId>(largest - logits.begin());
    weights.resize(logits.size());
    std::transform(logits.begin(), logits.end(), weights.begin(),
                   [&](float logit) { return weightOf(logit, *largest, choice.inverseTemperature); });

    std::uint32_t least = 1;
    if (choice.topK > 0) least = raise(least, choice.topK, weights, countFrom);
    if (choice.topP > 0) least = raise(least, share(sumFrom(weights, least), choice.topP) + 1, weights, sumFrom);
    least = std::max(least, choice.leastWeight);

    const std::uint64_t target = share(sumFrom(weights, least), draw);
    std::uint64_t before = 0;
    std::size_t chosen = 0;
    for (std::size_t k = 0; k < weights.size() && before <= target; ++k) {
        if (weights[k] < least) continue;
        chosen = k;
        before += weights[k];
    }
    return static_cast<TokenId>(chosen);
}

}  // namespace ternion
