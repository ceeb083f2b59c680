// The float profile to the last bit: design, section 2, with every operation and its order fixed.
//
// All of it is IEEE single add, subtract, multiply and round-half-even, none contracted into a fused multiply-add: what every
// device rounds alike, so that a CPU lane, a scalar loop and a shader invocation that follow this header agree exactly.
// Division and square root are not among them in Vulkan; both are Newton's here, within 2 units in the last place.
// vulkan-shaders/float_profile.glsl is the same text in GLSL. Reads like the paper; speed is the backends' business.
//
// A BitLinear normalises what an RMSNorm has normalised before it. Both factors, and the absmax after them, follow from one
// pass over the input x with t = x * w (the first norm's weights) and u = t * g (the BitLinear's):
//   r1 = inverseRms(sum x^2, eps)        the first norm's, 1 where there is none
//   r  = r1 * inverseRms(sum t^2 * r1^2, bitLinearEps)
//   step = codeStep(max|u| * r)          n = u * r; what one code is worth, 1 / s
//   code = quantise(u, codeFactor(r, step));  y = accumulator * (gamma * step)
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include "model/model_config.h"

namespace ternion::profile {

/// Sums of squares are taken in this many lanes: lane j adds x[j]^2, x[j+256]^2, ... in turn, from zero; then neighbours are
/// added, then pairs of neighbours, and so on: the order in which a subgroup of any width shuffles.
inline constexpr std::size_t sumLanes = 256;

inline float sumOfSquares(std::span<const float> x) {
    std::array<float, sumLanes> lane{};
    for (std::size_t k = 0; k < x.size(); ++k) lane[k % sumLanes] += x[k] * x[k];
    for (std::size_t width = 1; width < sumLanes; width *= 2)
        for (std::size_t j = 0; j < sumLanes; j += 2 * width) lane[j] += lane[j + width];
    return lane[0];
}

/// 1 / x for 2^-126 <= x <= 2^125: a guess from the exponent, then Newton.
inline float reciprocal(float x) {
    float y = std::bit_cast<float>(0x7EF311C7U - std::bit_cast<std::uint32_t>(x));
    y = y * (2.0F - x * y);
    y = y * (2.0F - x * y);
    return y + y * (1.0F - x * y);
}

/// 1 / sqrt(x) for x >= 2^-126, likewise.
inline float inverseSquareRoot(float x) {
    const float half = 0.5F * x;
    float y = std::bit_cast<float>(0x5F375A86U - (std::bit_cast<std::uint32_t>(x) >> 1));
    y = y * (1.5F - (half * y) * y);
    y = y * (1.5F - (half * y) * y);
    return y * (1.5F - (half * y) * y);
}

/// 1 / sqrt(mean(x^2) + eps): what RMSNorm multiplies by. A sum that overflowed counts as a large one.
inline float inverseRms(float sumOfSquares, std::size_t n, float eps) {
    return inverseSquareRoot(std::min(sumOfSquares * reciprocal(static_cast<float>(n)) + eps, 1e37F));
}

/// r of a BitLinear whose input is t * r1.
inline float bitLinearInverse(float sumOfSquares, std::size_t n, float r1) {
    return r1 * inverseRms((sumOfSquares * r1) * r1, n, bitLinearEps);
}

/// 1 / s, s = 127 / max(max|n|, 1e-5).
inline float codeStep(float absmax) { return std::max(absmax, 1e-5F) * (1.0F / 127.0F); }

/// What u is multiplied by to be rounded to a code.
inline float codeFactor(float r, float step) { return r * reciprocal(step); }

/// Round half to even. A finite |u| is at most what gave the step, so that no code is beyond 127; the clamp is for what is not
/// finite.
inline std::int8_t quantise(float u, float factor) {
    return static_cast<std::int8_t>(std::clamp(std::nearbyint(u * factor), -128.0F, 127.0F));
}

/// e^x for |x| <= 80, clamped there; within 2 units in the last place. Cody-Waite reduction, degree-5 minimax
/// polynomial (Cephes expf), scaled by an exact power of two.
inline float exponential(float x) {
    x = std::clamp(x, -80.0F, 80.0F);
    const float n = std::nearbyint(x * 1.44269504F);
    const float r = (x - n * 0.693359375F) - n * -2.12194440e-4F;
    float p = 1.9875691500e-4F;
    p = p * r + 1.3981999507e-3F;
    p = p * r + 8.3334519073e-3F;
    p = p * r + 4.1665795894e-2F;
    p = p * r + 1.6666665459e-1F;
    p = p * r + 5.0000001201e-1F;
    p = p * (r * r) + r + 1.0F;
    return p * std::bit_cast<float>((static_cast<std::int32_t>(n) + 127) << 23);
}

inline float sigmoid(float x) { return reciprocal(1.0F + exponential(-x)); }
inline float silu(float x) { return x * sigmoid(x); }

/// f = b + (1 - b) f: the forget gate above its learned lower bound.
inline float aboveLowerBound(float f, float b) { return b + (1.0F - b) * f; }

/// h = f * h + i (paper, equation 9). A state that has decayed below the smallest normal number is zero, everywhere, so that
/// devices that flush subnormals agree with those that keep them.
inline float mlgru(float f, float h, float i) {
    const float next = f * h + i;
    return std::fabs(next) < 0x1p-126F ? 0.0F : next;
}

}  // namespace ternion::profile
