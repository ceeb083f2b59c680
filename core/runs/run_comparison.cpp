#include "runs/run_comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace ternion {
namespace {

constexpr std::size_t fewest = 5;
constexpr std::size_t most = 20000;
constexpr std::size_t resamplings = 2000;
constexpr double outside = 0.025;  // on each side of the interval
constexpr std::uint64_t seed = 0x7465726e696f6e;

std::vector<double> thinned(std::span<const double> values) {
    if (values.size() <= most) return {values.begin(), values.end()};
    std::vector<double> kept;
    kept.reserve(most);
    for (std::size_t k = 0; k < most; ++k) kept.push_back(values[k * values.size() / most]);
    return kept;
}

double meanOf(const std::vector<double>& values) {
    double sum = 0.0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
}

/// The mean of as many values, each drawn from all. In integers, so that every machine draws the same ones.
double resampledMean(const std::vector<double>& values, std::mt19937_64& random) {
    constexpr unsigned half = 32;
    constexpr std::uint64_t low = 0xFFFFFFFFU;
    const std::uint64_t count = values.size();
    double sum = 0.0;
    std::uint64_t bits = 0;
    for (std::uint64_t k = 0; k < count; ++k) {
        bits = k % 2 == 0 ? random() : bits >> half;
        sum += values[static_cast<std::size_t>(((bits & low) * count) >> half)];
    }
    return sum / static_cast<double>(count);
}

bool allFinite(std::span<const double> values) {
    return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

}  // namespace

Result<Difference> compareMeans(std::span<const double> a, std::span<const double> b) {
    if (a.size() < fewest || b.size() < fewest)
        return Error{ErrorCode::InvalidArgument, "too few values to compare: it takes 5 of each", {}};
    if (!allFinite(a) || !allFinite(b)) return Error{ErrorCode::InvalidArgument, "some of the values are no numbers", {}};
    const std::vector<double> fromA = thinned(a);
    const std::vector<double> fromB = thinned(b);
    Difference difference;
    difference.meanA = meanOf(fromA);
    difference.meanB = meanOf(fromB);
    if (difference.meanA == 0.0) return Error{ErrorCode::InvalidArgument, "nothing compares to a mean of zero", {}};
    difference.ratio = difference.meanB / difference.meanA;

    std::mt19937_64 random(seed);
    std::vector<double> ratios;
    ratios.reserve(resamplings);
    for (std::size_t k = 0; k < resamplings; ++k) {
        const double meanA = resampledMean(fromA, random);
        const double meanB = resampledMean(fromB, random);
        // Mostly zeros may give only zeros: then the ratio has no bound.
        if (meanA != 0.0)
            ratios.push_back(meanB / meanA);
        else
            ratios.push_back(meanB == 0.0 ? 1.0 : std::copysign(std::numeric_limits<double>::infinity(), meanB));
    }
    std::sort(ratios.begin(), ratios.end());
    const auto at = [&](double share) {
        return ratios[static_cast<std::size_t>(std::llround(share * static_cast<double>(resamplings - 1)))];
    };
    difference.confidence = {at(outside), at(1.0 - outside)};
    return difference;
}

}  // namespace ternion
