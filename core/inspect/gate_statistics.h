// How long the channels of an MLGRU layer remember, and how often their forget gates are at an end.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ternion {

/// When a forget gate counts as saturated.
struct GateThresholds {
    float forgets = 0.05F;  ///< f below it: the state is all but replaced
    float keeps = 0.95F;    ///< f above it: the state is all but kept
    bool operator==(const GateThresholds&) const = default;
};

/// One channel over some tokens.
///
/// Its state is h_t = f_t h_{t-1} + i_t (arXiv 2406.02528, equation 9), so of what it held before token 1 the share
/// f_1 f_2 ... f_n is left after n tokens. With the geometric mean F = exp(mean of ln f_t) that is F^n on average, which is a
/// half at n = ln 2 / -ln F: the half-life, in tokens. Infinite where F is 1 (or, edited, more), 0 where some f is 0.
struct ChannelRetention {
    int channel = 0;
    double halfLife = 0.0;      ///< tokens
    double meanF = 0.0;         ///< arithmetic
    double lowerBound = 0.0;    ///< the learned one; 0 where the layer has none
    double meanAbsState = 0.0;  ///< of |h|; 0 where h is not known
    double forgets = 0.0;       ///< share of the tokens, 0 to 1
    double keeps = 0.0;
};

enum class ChannelOrder : std::uint8_t { Number, LowerBound, HalfLife };

struct LayerRetention {
    int tokens = 0;
    std::vector<ChannelRetention> channels;         ///< `[S]`, in their order
    double lower = 0.0, median = 0.0, upper = 0.0;  ///< quartiles of the half-lives (nearest rank)
    double forgets = 0.0, keeps = 0.0;              ///< shares of all gates of all tokens

    /// Channels, the largest first but by number the smallest; of equals the one that comes first.
    std::vector<int> ordered(ChannelOrder order) const;
};

/// Grows with the tokens: adding one costs O(S), whatever came before. Copying is cheap, too.
class GateStatistics {
public:
    /// `lowerBound` is `[S]`, or empty where the layer has none.
    GateStatistics(int width, std::span<const float> lowerBound, const GateThresholds& thresholds = {});

    /// One token's f and h, `[S]` each; h may be empty.
    void add(std::span<const float> f, std::span<const float> h = {});
    int tokens() const { return tokens_; }
    LayerRetention retention() const;  ///< all zeros while there is no token

private:
    struct Sums {
        double logF = 0.0, f = 0.0, absState = 0.0;
        std::int64_t forgets = 0, keeps = 0;
    };
    std::vector<float> lowerBound_;
    GateThresholds thresholds_;
    std::vector<Sums> sums_;
    int tokens_ = 0;
};

/// Bins whose edges are a decade's tenths apart on a logarithmic axis.
struct LogHistogram {
    std::vector<double> edges;  ///< ascending, one more than bins
    std::vector<int> counts;    ///< the first bin has what is below it too, the last what is above, infinity included
};
/// Half-lives from a tenth of a token to 100,000 tokens.
LogHistogram halfLifeHistogram(std::span<const ChannelRetention> channels);

}  // namespace ternion
