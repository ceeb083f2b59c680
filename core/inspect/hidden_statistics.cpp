#include "inspect/hidden_statistics.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/wide.h"

namespace ternion {
namespace {

/// In double, in eight lanes, so that it fills vector units.
TERNION_WIDE double dot(const float* a, const float* b, std::size_t n) {
    constexpr std::size_t lanes = 8;
    std::array<double, lanes> lane{};
    std::size_t k = 0;
    for (; k + lanes <= n; k += lanes)
        for (std::size_t j = 0; j < lanes; ++j) lane[j] += static_cast<double>(a[k + j]) * static_cast<double>(b[k + j]);
    for (; k < n; ++k) lane[0] += static_cast<double>(a[k]) * static_cast<double>(b[k]);
    double sum = 0.0;
    for (const double x : lane) sum += x;
    return sum;
}

double dot(std::span<const float> a, std::span<const float> b) { return dot(a.data(), b.data(), a.size()); }

double cosine(double product, double normA, double normB) {
    const double lengths = normA * normB;
    return lengths > 0.0 ? std::clamp(product / lengths, -1.0, 1.0) : 0.0;
}

}  // namespace

TraceRequest::Item stateAt(int depth) {
    return depth == 0 ? TraceRequest::Item{TraceTensor::Residual, 0} : TraceRequest::Item{TraceTensor::LayerOutput, depth - 1};
}

States statesOf(std::span<const float> values, int width) {
    const auto size = static_cast<std::size_t>(width);
    States states;
    states.reserve(values.size() / size);
    for (; !values.empty(); values = values.subspan(size)) states.push_back(values.first(size));
    return states;
}

States statesOf(const TraceSeries& series, int first, int end) {
    States states;
    for (int token = first; token < end; ++token) states.push_back(series.row(token));
    return states;
}

double norm(std::span<const float> state) { return std::sqrt(dot(state, state)); }

double rootMeanSquare(std::span<const float> state) { return std::sqrt(dot(state, state) / static_cast<double>(state.size())); }

double cosine(std::span<const float> a, std::span<const float> b) { return cosine(dot(a, b), norm(a), norm(b)); }

Result<std::vector<float>> cosinesBetween(std::span<const States> depths, const std::stop_token& stop) {
    const std::size_t n = depths.size();
    const std::size_t tokens = n == 0 ? 0 : depths.front().size();
    std::vector<double> sums(n * n), norms(n);
    for (std::size_t t = 0; t < tokens; ++t) {
        if (stop.stop_requested()) return Error{ErrorCode::Cancelled, "stopped", {}};
        for (std::size_t a = 0; a < n; ++a) norms[a] = norm(depths[a][t]);
        for (std::size_t a = 0; a < n; ++a)
            for (std::size_t b = 0; b <= a; ++b) sums[a * n + b] += cosine(dot(depths[a][t], depths[b][t]), norms[a], norms[b]);
    }
    std::vector<float> mean(n * n);
    const double count = static_cast<double>(std::max<std::size_t>(tokens, 1));
    for (std::size_t a = 0; a < n; ++a)
        for (std::size_t b = 0; b <= a; ++b) mean[a * n + b] = mean[b * n + a] = static_cast<float>(sums[a * n + b] / count);
    return mean;
}

std::vector<Neighbour> nearest(const States& states, int token, int count) {
    const auto own = states[static_cast<std::size_t>(token)];
    std::vector<Neighbour> all;
    for (int other = 0; other < static_cast<int>(states.size()); ++other)
        if (other != token) all.push_back({other, static_cast<float>(cosine(own, states[static_cast<std::size_t>(other)]))});
    const auto kept = std::min(static_cast<std::size_t>(count), all.size());
    std::partial_sort(
        all.begin(), all.begin() + static_cast<std::ptrdiff_t>(kept), all.end(),
        [](const auto& a, const auto& b) { return a.cosine != b.cosine ? a.cosine > b.cosine : a.token < b.token; });
    all.resize(kept);
    return all;
}

}  // namespace ternion
