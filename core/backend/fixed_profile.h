// The fixed profile to the last bit: what an FPGA computes, in integers (design, section 3). The golden model.
//
// CPU, Vulkan (vulkan-shaders/fixed_profile.glsl) and RTL (fpga-link/rtl) follow this header and agree on every intermediate.
// A vector element is an int32 with a fixed number of fraction bits:
//   value 14   residuals, projections, GLU products, logits        +-131072
//   gate  24   f, the forget gate                                  0 to 1
//   state 18   candidates i, states h, o before its norm; a state saturates at +-64, so that a float holds it exactly
// Rounding is half up, after a product of 64 bits; what does not fit saturates at +-(2^31 - 1).
//
// A BitLinear over p, with the norm before it (weights w; S1 the sum of squares that this norm divides by) and its own (g):
//   t = weigh(p, w), S = sum t^2; u = weigh(p, w * g), U = max|u|     both norms' factors cancel in the codes, and
//   code = u * 127 / U                                                appear in the scale alone:
//   y = accumulator * gamma / 127 * U * sqrt(n / (S + eps * (S1 + n * eps)))
// A BitLinear without a norm before it has t = p, and n * eps in place of the bracket.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <span>

namespace ternion::fixed {

inline constexpr int valueFraction = 14;
inline constexpr int gateFraction = 24;
inline constexpr int stateFraction = 18;
inline constexpr int weighShift = 12;  ///< what a product with a norm's weight loses
inline constexpr std::int32_t largest = std::numeric_limits<std::int32_t>::max();
inline constexpr std::int32_t largestState = 1 << 24;
inline constexpr std::int32_t one = 1 << gateFraction;

constexpr std::int32_t saturate(std::int64_t x, std::int32_t limit = largest) {
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(x, -std::int64_t{limit}, limit));
}
/// x / 2^shift, shift >= 1, halves upwards.
constexpr std::int64_t shifted(std::int64_t x, int shift) { return (x + (std::int64_t{1} << (shift - 1))) >> shift; }
constexpr std::int32_t product(std::int32_t a, std::int32_t b, int shift) {
    return saturate(shifted(std::int64_t{a} * b, shift));
}
/// Sums of squares saturate at 2^64 - 1, in whatever order they are taken.
constexpr std::uint64_t sum(std::uint64_t a, std::uint64_t b) { return a + b < a ? ~std::uint64_t{0} : a + b; }
constexpr std::uint64_t square(std::int32_t a) { return static_cast<std::uint64_t>(std::int64_t{a} * a); }

// ---- Gates ----------------------------------------------------------------------------------------------------------------

/// sigmoid(k / 64) as gates, k = 0 to 1024: made once, by exact rounding of what the host's exp gives (tests pin its bits).
inline constexpr int sigmoidSteps = 1024;
std::span<const std::int32_t, sigmoidSteps + 1> sigmoidTable();

/// Of a value, as a gate: linear between the table's entries, and the last of them beyond 16.
inline std::int32_t sigmoid(std::int32_t x) {
    constexpr int stepBits = valueFraction - 6;  // an entry each 1/64
    const std::int32_t distance = std::min(std::abs(x), (16 << valueFraction) - 1);
    const auto entry = sigmoidTable().begin() + (distance >> stepBits);
    const std::int32_t within = distance & ((1 << stepBits) - 1);
    const std::int32_t positive =
        entry[0] + static_cast<std::int32_t>(shifted(std::int64_t{entry[1] - entry[0]} * within, stepBits));
    return x < 0 ? one - positive : positive;
}

/// f = b + (1 - b) * sigmoid(y): the forget gate above its learned lower bound b, a gate (0 where there is none).
inline std::int32_t forgetGate(std::int32_t y, std::int32_t b) { return b + product(one - b, sigmoid(y), gateFraction); }
/// i = silu(y) * (1 - f), with a state's fraction.
inline std::int32_t candidate(std::int32_t y, std::int32_t f) {
    const std::int32_t silu = product(y, sigmoid(y), gateFraction + valueFraction - stateFraction);
    return saturate(product(silu, one - f, gateFraction), largestState);
}
/// f * h; then h = nextState(decayed(f, h), i) (paper, equation 9).
inline std::int32_t decayed(std::int32_t f, std::int32_t h) { return product(f, h, gateFraction); }
inline std::int32_t nextState(std::int32_t decayed, std::int32_t i) {
    return saturate(std::int64_t{decayed} + i, largestState);
}
/// g * silu(h), with a state's fraction: o before g's norm.
inline std::int32_t gated(std::int32_t g, std::int32_t h) {
    const std::int32_t silu = product(h, sigmoid(h >> (stateFraction - valueFraction)), gateFraction);
    return product(g, silu, valueFraction);
}
/// silu(u) * v.
inline std::int32_t glu(std::int32_t u, std::int32_t v) {
    return product(product(u, sigmoid(u), gateFraction), v, valueFraction);
}
inline std::int32_t add(std::int32_t a, std::int32_t b) { return saturate(std::int64_t{a} + b); }

// ---- Norms and codes ------------------------------------------------------------------------------------------------------

/// p * w, a norm's weight: an int16 with a fraction of the vector's own (fixed_weights.h).
inline std::int32_t weigh(std::int32_t p, std::int32_t w) { return product(p, w, weighShift); }

/// What a norm adds to S before the root: constant + ((S1 >> 24) * factor >> shift).
struct Epsilon {
    std::uint32_t constant = 0;
    std::uint16_t factor = 0;
    std::uint8_t shift = 0;
    bool operator==(const Epsilon&) const = default;
};
inline std::uint64_t withEpsilon(std::uint64_t s, std::uint64_t first, const Epsilon& epsilon) {
    return sum(sum(s, epsilon.constant), ((first >> 24) * epsilon.factor) >> epsilon.shift);
}

/// Floor of the root, bit by bit.
constexpr std::uint32_t squareRoot(std::uint64_t x) {
    std::uint64_t root = 0;
    std::uint64_t rest = x;
    for (std::uint64_t bit = std::uint64_t{1} << 62; bit != 0; bit >>= 2) {
        if (rest >= root + bit) {
            rest -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    return static_cast<std::uint32_t>(root);
}

/// 1 / sqrt(S) is 2^shift / root, root with its highest bit set; root 0 stands for S = 0.
struct Root {
    std::uint32_t root = 0;
    int shift = 0;
    bool operator==(const Root&) const = default;
};
inline Root rootOf(std::uint64_t s) {
    if (s == 0) return {};
    const int shift = std::countl_zero(s) / 2;
    return {squareRoot(s << (2 * shift)), shift};
}

/// gamma * sqrt(n) / 127 and the fractions' differences, as mantissa * 2^-exponent, the mantissa of 24 bits.
struct Scale {
    std::uint32_t mantissa = 0;
    std::int8_t exponent = 0;
    bool operator==(const Scale&) const = default;
};

/// What quantises a vector whose largest |u| is U, and rescales the accumulators of its codes.
struct CodeScale {
    int drop = 0;                  ///< bits of u beyond 24, or less than none
    std::uint32_t reciprocal = 0;  ///< 127 * 2^40 / U's first 24 bits
    std::uint32_t multiplier = 0;  ///< y = accumulator * multiplier / 2^shift
    int shift = 1;
    bool operator==(const CodeScale&) const = default;
};
inline CodeScale codeScale(std::int32_t largestU, const Root& root, const Scale& scale) {
    CodeScale made;
    if (largestU == 0) return made;
    made.drop = std::bit_width(static_cast<std::uint32_t>(largestU)) - 24;
    const auto first = static_cast<std::uint64_t>(made.drop >= 0 ? largestU >> made.drop : largestU << -made.drop);
    made.reciprocal = static_cast<std::uint32_t>((std::uint64_t{127} << 40) / first);
    if (root.root == 0) return made;
    made.multiplier = static_cast<std::uint32_t>(((first * scale.mantissa) << 15) / root.root);
    made.shift = std::clamp(15 - made.drop + scale.exponent - root.shift, 1, 62);
    return made;
}
inline std::int8_t code(std::int32_t u, const CodeScale& scale) {
    const std::int64_t first = scale.drop >= 0 ? u >> scale.drop : std::int64_t{u} * (std::int64_t{1} << -scale.drop);
    return static_cast<std::int8_t>(std::clamp<std::int64_t>(shifted(first * scale.reciprocal, 40), -127, 127));
}
inline std::int32_t rescale(std::int32_t accumulator, const CodeScale& scale) {
    return saturate(shifted(std::int64_t{accumulator} * scale.multiplier, scale.shift));
}

// ---- In and out -----------------------------------------------------------------------------------------------------------

/// To the nearest, halves to even; saturated; NaN is 0. The way back is exact where |x| < 2^24.
std::int32_t fromFloat(double x, int fraction, std::int32_t limit = largest);
inline float toFloat(std::int32_t x, int fraction) {
    return static_cast<float>(x) / static_cast<float>(std::int64_t{1} << fraction);
}

}  // namespace ternion::fixed
