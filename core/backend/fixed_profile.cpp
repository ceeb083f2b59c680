#include "backend/fixed_profile.h"

#include <cmath>

namespace ternion::fixed {

std::span<const std::int32_t, sigmoidSteps + 1> sigmoidTable() {
    static const auto table = [] {
        std::array<std::int32_t, sigmoidSteps + 1> made{};
        for (int k = 0; k <= sigmoidSteps; ++k)
            made[static_cast<std::size_t>(k)] = fromFloat(1.0 / (1.0 + std::exp(-k / 64.0)), gateFraction);
        return made;
    }();
    return table;
}

std::int32_t fromFloat(double x, int fraction, std::int32_t limit) {
    if (std::isnan(x)) return 0;
    const double scaled = std::nearbyint(std::ldexp(x, fraction));
    return static_cast<std::int32_t>(std::clamp(scaled, -static_cast<double>(limit), static_cast<double>(limit)));
}

}  // namespace ternion::fixed
