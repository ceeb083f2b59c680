// The float profile to the last bit: design, section 2, with every operation and its order fixed.
//
// All of it is IEEE single add, subtract, multiply, divide, square root and round-half-even, none contracted into a fused
// multiply-add, so a CPU lane, a scalar loop and a shader invocation that follow this header agree exactly.
// vulkan-shaders/float_profile.glsl is the same text in GLSL. Reads like the paper; speed is the backends' business.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ternion::profile {

/// Sums of squares are taken in this many lanes: lane j adds x[j]^2, x[j+256]^2, ... in turn, from zero; then lane j adds lane
/// j+128, j+64, ... j+1. It is a workgroup's natural order and 16 AVX-512 registers'.
inline constexpr std::size_t sumLanes = 256;

inline float sumOfSquares(std::span<const float> x) {
    std::array<float, sumLanes> lane{};
    for (std::size_t k = 0; k < x.size(); ++k) lane[k % sumLanes] += x[k] * x[k];
    for (std::size_t width = sumLanes / 2; width > 0; width /= 2)
        for (std::size_t j = 0; j < width; ++j) lane[j] += lane[j + width];
    return lane[0];
}

/// 1 / sqrt(mean(x^2) + eps): what RMSNorm multiplies by. n_k = (x_k * r) * g_k.
inline float inverseRms(float sumOfSquares, std::size_t n, float eps) {
    return 1.0F / std::sqrt(sumOfSquares / static_cast<float>(n) + eps);
}

/// s = 127 / max(max|n|, 1e-5).
inline float quantisationScale(float absmax) { return 127.0F / std::max(absmax, 1e-5F); }

/// q = clamp(roundHalfEven(n * s), -128, 127).
inline std::int8_t quantise(float n, float s) {
    return static_cast<std::int8_t>(std::clamp(std::nearbyint(n * s), -128.0F, 127.0F));
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

inline float sigmoid(float x) { return 1.0F / (1.0F + exponential(-x)); }
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
