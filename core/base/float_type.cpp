#include "base/float_type.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/wide.h"

namespace ternion {
namespace {

std::uint16_t halfAt(const std::byte* stored, std::size_t index) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, stored + 2 * index, sizeof bits);
    return bits;
}

// Without branches, so that the loop over a row is vectorised.
float fromHalf(std::uint16_t half) {
    const std::uint32_t shifted = std::uint32_t{half & 0x7FFFU} << 13;
    // As a float the bits mean 2^-112 of the value, a subnormal's too; only infinities and NaN need their exponent put in.
    const auto magnitude = std::bit_cast<std::uint32_t>(std::bit_cast<float>(shifted) * 0x1p112F);
    const std::uint32_t special = (half & 0x7C00U) == 0x7C00U ? 0x7F800000U : 0U;
    return std::bit_cast<float>(magnitude | special | std::uint32_t{half & 0x8000U} << 16);
}

/// Whether a value has all bits of its exponent.
template <class Word>
TERNION_WIDE bool anySpecial(std::span<const std::byte> stored, Word exponent) {
    bool any = false;
    for (std::size_t k = 0; k < stored.size() / sizeof(Word); ++k) {
        Word word = 0;
        std::memcpy(&word, stored.data() + k * sizeof(Word), sizeof word);
        any |= (word & exponent) == exponent;
    }
    return any;
}

}  // namespace

bool allFinite(FloatType type, std::span<const std::byte> stored) {
    if (type == FloatType::F32) return !anySpecial<std::uint32_t>(stored, 0x7F800000U);
    return !anySpecial<std::uint16_t>(stored, type == FloatType::F16 ? 0x7C00 : 0x7F80);
}

TERNION_WIDE void toFloats(FloatType type, std::span<const std::byte> stored, std::span<float> out) {
    const std::byte* from = stored.data();
    float* to = out.data();
    const std::size_t count = out.size();
    if (type == FloatType::F32)
        std::copy_n(from, count * sizeof(float), reinterpret_cast<std::byte*>(to));
    else if (type == FloatType::BF16)
        for (std::size_t k = 0; k < count; ++k) to[k] = std::bit_cast<float>(std::uint32_t{halfAt(from, k)} << 16);
    else
        for (std::size_t k = 0; k < count; ++k) to[k] = fromHalf(halfAt(from, k));
}

std::uint16_t toHalf(float value) {
    const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
    const float magnitude = std::min(std::fabs(value), 65504.0F);
    if (magnitude < 0x1p-14F) return sign | static_cast<std::uint16_t>(std::nearbyint(magnitude * 0x1p24F));
    const auto bits = std::bit_cast<std::uint32_t>(magnitude) - (112U << 23);
    return sign | static_cast<std::uint16_t>((bits + 0xFFFU + (bits >> 13 & 1U)) >> 13);
}

}  // namespace ternion
