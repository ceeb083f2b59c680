// The floating-point types that checkpoints store, and what they are as floats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ternion {

enum class FloatType : std::uint8_t { F32, F16, BF16 };

constexpr std::size_t bytesOf(FloatType type) { return type == FloatType::F32 ? 4 : 2; }

/// `stored` holds `out.size()` little-endian values of `type`, at any alignment. Every value is exact.
void toFloats(FloatType type, std::span<const std::byte> stored, std::span<float> out);

/// Whether none of the values that `stored` holds is infinite or not a number.
bool allFinite(FloatType type, std::span<const std::byte> stored);

/// The IEEE half nearest to `value`, ties to even; what is too large becomes the largest finite half.
std::uint16_t toHalf(float value);

}  // namespace ternion
