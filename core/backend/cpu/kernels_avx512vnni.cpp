// AVX-512 with VNNI: 64 products of a trit's code and an int8 in one instruction.
#include <immintrin.h>

#include "backend/cpu/vector_kernels.h"

namespace ternion {
namespace {

struct Avx512Vnni {
    using Floats [[gnu::vector_size(64)]] = float;
    using Ints [[gnu::vector_size(64)]] = std::int32_t;
    using Part = Ints;
    static constexpr std::size_t blocksPerPart = SIZE_MAX / 2;
    static constexpr int rowsOfOneToken = 2;
    static constexpr int tileRows = 2;
    static constexpr int tileTokens = 4;

    // Zero-masked with every lane on: the plain forms make GCC 12 warn of the registers that its headers leave unset.
    static Floats roundHalfEven(Floats x) {
        return _mm512_maskz_roundscale_ps(0xFFFF, x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    }
    static Ints dot(Ints sum, Ints codes, Ints q) {
        return (Ints)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)codes, (__m512i)q);
    }
    static Ints widened(Part sum) { return sum; }
    static std::int32_t total(Ints x) {
        using Half [[gnu::vector_size(32)]] = std::int32_t;
        const Half low = __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7);
        const Half high = __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15);
        return totalOfEight((__m256i)(low + high));
    }
};

/// The sums of three rows over all blocks, as kernels_avx2.cpp makes them: two of its steps at once.
void accumulateTriple(const std::byte* weights, int blocks, const std::int8_t* codes, std::int32_t (&sums)[3]) {
    constexpr int ahead = 4096;  // see VectorKernels::tile
    const auto table = [](const std::int8_t* values) {
        return _mm512_maskz_broadcast_i32x4(0xFFFF, _mm_load_si128(reinterpret_cast<const __m128i*>(values)));
    };
    const auto twice = [](const void* from) {
        return _mm512_maskz_broadcast_i64x4(0xFF, _mm256_loadu_si256(static_cast<const __m256i*>(from)));
    };
    const auto halves = [](int low, int high) {
        constexpr __mmask64 upper = ~__mmask64{} << 32;
        return _mm512_mask_blend_epi8(upper, _mm512_set1_epi8(static_cast<char>(low)),
                                      _mm512_set1_epi8(static_cast<char>(high)));
    };
    const __m512i low = table(codesBelow16), high = table(codesFrom16), shifts = halves(0, 4) & _mm512_set1_epi16(0xFF);
    const __m512i nibble = _mm512_set1_epi8(15), first = _mm512_set1_epi8(3), third = _mm512_set1_epi8(3 << 4);
    Avx512Vnni::Ints a{}, b{}, c{};
    for (int block = 0; block < blocks; ++block, weights += tripleBlockBytes) {
        for (int at = 0; at < 160; at += 64) _mm_prefetch(reinterpret_cast<const char*>(weights) + ahead + at, _MM_HINT_T0);
        const __m512i fifth = twice(weights);
#pragma GCC unroll 4
        for (int k = 0; k < 4; ++k, codes += 64) {
            const __m512i four = _mm512_maskz_srlv_epi16(~__mmask32{}, twice(weights + 32 + k * 32), shifts) & nibble;
            const __mmask64 above = _mm512_test_epi8_mask(fifth, halves(0x80 >> 2 * k, 0x40 >> 2 * k));
            const auto three = _mm512_mask_shuffle_epi8(_mm512_shuffle_epi8(low, four), above, high, four);
            const auto q = (Avx512Vnni::Ints)_mm512_loadu_si512(codes);
            a = Avx512Vnni::dot(a, (Avx512Vnni::Ints)(three & first), q);
            b = Avx512Vnni::dot(b, (Avx512Vnni::Ints)three, q);
            c = Avx512Vnni::dot(c, (Avx512Vnni::Ints)(three & third), q);
        }
    }
    sums[0] = Avx512Vnni::total(a);
    sums[1] = Avx512Vnni::total(b - a - c) >> 2;  // b has all three
    sums[2] = Avx512Vnni::total(c) >> 4;
}

bool supported() {
    return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
           __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
           __builtin_cpu_supports("avx512vnni") != 0;
}

}  // namespace

constinit const Kernels avx512vnniKernels =
    VectorKernels<Avx512Vnni>::table("avx512vnni", supported, VectorKernels<Avx512Vnni>::accumulateTriples<accumulateTriple>);

}  // namespace ternion
