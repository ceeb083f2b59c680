// Telling large things apart.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

namespace ternion {

/// Four-lane multiplicative hash of bytes: at memory speed, and good enough to tell models apart. Not a cryptographic hash.
class Hasher {
public:
    void add(std::span<const std::byte> bytes) {
        std::size_t at = 0;
        for (; at + 32 <= bytes.size(); at += 32)
            for (std::size_t k = 0; k < 4; ++k) mix(k, load(bytes.subspan(at + 8 * k, 8)));
        for (; at < bytes.size(); at += 8) mix(0, load(bytes.subspan(at, std::min<std::size_t>(8, bytes.size() - at))));
        mix(1, bytes.size());
    }
    void add(std::span<const float> values) { add(std::as_bytes(values)); }
    void add(std::int64_t value) { mix(2, static_cast<std::uint64_t>(value)); }
    void add(float value) { mix(3, std::bit_cast<std::uint32_t>(value)); }

    std::string hex() const {
        std::uint64_t all = 0;
        for (const std::uint64_t lane : lanes_) all = (std::rotl(all, 17) ^ lane) * 0x9FB21C651E98DF25U;
        all ^= all >> 32;
        std::string text(16, '0');
        for (int k = 15; k >= 0; --k, all >>= 4) text[static_cast<std::size_t>(k)] = "0123456789abcdef"[all & 15];
        return text;
    }

private:
    static std::uint64_t load(std::span<const std::byte> bytes) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data(), bytes.size());
        return word;
    }
    void mix(std::size_t lane, std::uint64_t word) {
        lanes_[lane] = std::rotl(lanes_[lane] ^ word * 0x9E3779B185EBCA87U, 29) * 0xC2B2AE3D27D4EB4FU;
    }
    std::array<std::uint64_t, 4> lanes_{1, 2, 3, 4};
};

}  // namespace ternion
