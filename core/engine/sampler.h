// From logits to the next token.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "backend/token_choice.h"
#include "base/result.h"

namespace ternion {

/// Applied in this order: repetition penalty, temperature, top-k, top-p, min-p, draw. Defaults are neutral. All but the penalty
/// is token_choice.h's, where equally probable tokens pass a filter together.
struct SamplerSettings {
    float temperature = 0.0F;        ///< 0: greedy, the lowest id among equals
    int topK = 0;                    ///< 0: all
    float topP = 1.0F;               ///< smallest set of tokens whose probabilities reach this
    float minP = 0.0F;               ///< drop tokens below this fraction of the most probable one
    float repetitionPenalty = 1.0F;  ///< divides positive, multiplies negative logits of tokens already there (CTRL)
    int repetitionWindow = 0;        ///< how many last tokens count as "already there"; 0: all
    std::uint64_t seed = 0;

    /// InvalidArgument naming the setting and its allowed range.
    Status validate() const;
    bool operator==(const SamplerSettings&) const = default;
};

struct TokenProbability {
    TokenId id = 0;
    float probability = 0.0F;
};

struct SampledToken {
    TokenId id = 0;
    float probability = 0.0F;  ///< under softmax(logits), before any filter; 0 unless alternatives were asked for
    std::vector<TokenProbability> alternatives;  ///< the most probable, descending, the chosen one included if it is among them
};

/// Draws tokens. Same settings, same logits, same draws: the generator is its own, not the platform's distribution.
/// Owned by one session; not thread-safe.
class Sampler {
public:
    explicit Sampler(const SamplerSettings& settings);

    /// `logits` is `[V]`; `history` what stands before, for the penalty. `alternatives` is how many to report.
    SampledToken sample(std::span<const float> logits, std::span<const TokenId> history, int alternatives);

    /// For who samples in its place, without the penalty: how, with which numbers, and how many of them are used up.
    const TokenChoice& choice() const { return choice_; }
    std::vector<std::uint32_t> ahead(int count) const;
    void skip(std::size_t count) { random_.discard(count); }

private:
    SamplerSettings settings_;
    std::mt19937_64 random_;  // its output is fixed by the standard; std's distributions are not
    TokenChoice choice_;
    std::vector<float> penalised_;  // reused: a token allocates nothing
    std::vector<std::uint32_t> weights_;
    std::vector<TokenId> candidates_;
};

/// The `count` most probable tokens under softmax(logits), descending.
std::vector<TokenProbability> topTokens(std::span<const float> logits, int count);

}  // namespace ternion
