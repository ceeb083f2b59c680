#include "inspect/divergence.h"

#include <algorithm>
#include <cmath>

namespace ternion {
namespace {

double logSum(std::span<const float> row) {
    const double largest = *std::max_element(row.begin(), row.end());
    double sum = 0.0;
    for (const float value : row) sum += std::exp(value - largest);
    return largest + std::log(sum);
}

}  // namespace

double divergence(std::span<const float> p, std::span<const float> q) {
    const double pSum = logSum(p), qSum = logSum(q);
    double kl = 0.0;
    for (std::size_t k = 0; k < p.size(); ++k) kl += std::exp(p[k] - pSum) * ((p[k] - pSum) - (q[k] - qSum));
    return std::max(kl, 0.0);  // rounding
}

double probabilityOf(std::size_t token, std::span<const float> logits) { return std::exp(logits[token] - logSum(logits)); }

}  // namespace ternion
