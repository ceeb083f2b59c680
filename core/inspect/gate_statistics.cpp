#include "inspect/gate_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

namespace ternion {
namespace {

double halfLife(double meanLogF) {
    return meanLogF < 0.0 ? std::numbers::ln2 / -meanLogF : std::numeric_limits<double>::infinity();
}

}  // namespace

GateStatistics::GateStatistics(int width, std::span<const float> lowerBound, const GateThresholds& thresholds)
    : lowerBound_(lowerBound.begin(), lowerBound.end()), thresholds_(thresholds), sums_(static_cast<std::size_t>(width)) {
    lowerBound_.resize(sums_.size());
}

void GateStatistics::add(std::span<const float> f, std::span<const float> h) {
    for (std::size_t c = 0; c < sums_.size(); ++c) {
        Sums& sums = sums_[c];
        sums.logF += std::log(std::max(double{f[c]}, 0.0));  // of 0: minus infinity, and the half-life is 0
        sums.f += f[c];
        sums.forgets += f[c] < thresholds_.forgets ? 1 : 0;
        sums.keeps += f[c] > thresholds_.keeps ? 1 : 0;
        if (!h.empty()) sums.absState += std::fabs(h[c]);
    }
    ++tokens_;
}

LayerRetention GateStatistics::retention() const {
    LayerRetention layer;
    layer.tokens = tokens_;
    layer.channels.resize(sums_.size());
    std::vector<double> halfLives;
    const double each = tokens_ > 0 ? 1.0 / tokens_ : 0.0;
    for (std::size_t c = 0; c < sums_.size(); ++c) {
        const Sums& sums = sums_[c];
        ChannelRetention& channel = layer.channels[c];
        channel.channel = static_cast<int>(c);
        channel.lowerBound = lowerBound_[c];
        channel.halfLife = tokens_ > 0 ? halfLife(sums.logF / tokens_) : 0.0;
        channel.meanF = sums.f * each;
        channel.meanAbsState = sums.absState * each;
        channel.forgets = static_cast<double>(sums.forgets) * each;
        channel.keeps = static_cast<double>(sums.keeps) * each;
        layer.forgets += channel.forgets / static_cast<double>(sums_.size());
        layer.keeps += channel.keeps / static_cast<double>(sums_.size());
        halfLives.push_back(channel.halfLife);
    }
    if (halfLives.empty()) return layer;
    std::sort(halfLives.begin(), halfLives.end());
    const auto ranked = [&](std::size_t quarters) { return halfLives[(halfLives.size() - 1) * quarters / 4]; };
    layer.lower = ranked(1);
    layer.median = ranked(2);
    layer.upper = ranked(3);
    return layer;
}

std::vector<int> LayerRetention::ordered(ChannelOrder order) const {
    std::vector<int> all(channels.size());
    std::iota(all.begin(), all.end(), 0);
    if (order == ChannelOrder::Number) return all;
    const auto key = order == ChannelOrder::HalfLife ? &ChannelRetention::halfLife : &ChannelRetention::lowerBound;
    std::stable_sort(all.begin(), all.end(), [&](int a, int b) {
        return channels[static_cast<std::size_t>(a)].*key > channels[static_cast<std::size_t>(b)].*key;
    });
    return all;
}

LogHistogram halfLifeHistogram(std::span<const ChannelRetention> channels) {
    constexpr int perDecade = 10, firstDecade = -1, decades = 6;
    LogHistogram histogram;
    for (int edge = 0; edge <= decades * perDecade; ++edge)
        histogram.edges.push_back(std::pow(10.0, firstDecade + static_cast<double>(edge) / perDecade));
    histogram.counts.resize(histogram.edges.size() - 1);
    for (const ChannelRetention& channel : channels) {
        const auto above = std::upper_bound(histogram.edges.begin(), histogram.edges.end(), channel.halfLife);
        const auto bin = std::clamp<std::ptrdiff_t>(above - histogram.edges.begin() - 1, 0, std::ssize(histogram.counts) - 1);
        ++histogram.counts[static_cast<std::size_t>(bin)];
    }
    return histogram;
}

}  // namespace ternion
