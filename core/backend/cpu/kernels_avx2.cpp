// AVX2: every 64-bit processor of the last ten years.
#include <immintrin.h>

#include "backend/cpu/vector_kernels.h"

namespace ternion {
namespace {

struct Avx2 {
    using Floats [[gnu::vector_size(32)]] = float;
    using Ints [[gnu::vector_size(32)]] = std::int32_t;
    using Part [[gnu::vector_size(32)]] = std::int16_t;
    // A block adds eight pairs of products to each sum, a pair is within 2 * 2 * -128 and 2 * 2 * 127: eight blocks just fit.
    static constexpr std::size_t blocksPerPart = 8;
    static constexpr int rowsOfOneToken = 4;
    static constexpr int tileRows = 2;  // 2 x 4 sums of the 16 registers
    static constexpr int tileTokens = 4;

    static Floats roundHalfEven(Floats x) { return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
    static Part dot(Part sum, Ints codes, Ints q) {
        sum += (Part)_mm256_maddubs_epi16((__m256i)codes, (__m256i)q);
        // Says that the sum is needed here: GCC would else make all products of a block first, and store them.
        __asm__("" : "+x"(sum));
        return sum;
    }
    static Ints widened(Part sum) { return (Ints)_mm256_madd_epi16((__m256i)sum, _mm256_set1_epi16(1)); }
    static std::int32_t total(Ints x) { return totalOfEight((__m256i)x); }
};

__m256i load(const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); }

/// The sums of three rows over all blocks. A number's three codes are looked up, two bits each, and multiplied where they are:
/// those of the second row as 4 times, of the third as 16 times what they are, which is taken from the sum at the end.
void accumulateTriple(const std::byte* weights, int blocks, const std::int8_t* codes, std::int32_t (&sums)[3]) {
    constexpr int ahead = 4096;  // see VectorKernels::tile
    const auto table = [](const std::int8_t* values) {
        return _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(values)));
    };
    const __m256i low = table(codesBelow16), high = table(codesFrom16);
    const auto widened = [](Avx2::Part sum) { return Avx2::widened(sum); };
    Avx2::Ints a{}, b{}, c{};
    for (int block = 0; block < blocks; ++block, weights += tripleBlockBytes) {
        for (int at = 0; at < 160; at += 64) _mm_prefetch(reinterpret_cast<const char*>(weights) + ahead + at, _MM_HINT_T0);
        __m256i fifth = load(weights);
        Avx2::Part partA{}, partB{};
        for (int half = 0; half < 2; ++half) {  // the products of the third row just fit for so long
            Avx2::Part partC{};
            for (int k = 0; k < 4; ++k, codes += 32) {
                const int n = half * 4 + k;
                const __m256i pair = load(weights + 32 + n / 2 * 32);
                const __m256i four = _mm256_and_si256(n % 2 == 0 ? pair : _mm256_srli_epi16(pair, 4), _mm256_set1_epi8(15));
                const __m256i three =
                    _mm256_blendv_epi8(_mm256_shuffle_epi8(low, four), _mm256_shuffle_epi8(high, four), fifth);
                fifth = _mm256_add_epi8(fifth, fifth);
                const auto ofRow = [&](int mask) {
                    return (Avx2::Ints)_mm256_and_si256(three, _mm256_set1_epi8(static_cast<char>(mask)));
                };
                const auto q = (Avx2::Ints)load(codes);
                partA = Avx2::dot(partA, ofRow(3), q);
                partB = Avx2::dot(partB, ofRow(3 << 2), q);
                partC = Avx2::dot(partC, ofRow(3 << 4), q);
            }
            c += widened(partC);
        }
        a += widened(partA);
        b += widened(partB);
    }
    sums[0] = Avx2::total(a);
    sums[1] = Avx2::total(b) >> 2;
    sums[2] = Avx2::total(c) >> 4;
}

bool supported() { return __builtin_cpu_supports("avx2") != 0; }

}  // namespace

constinit const Kernels avx2Kernels =
    VectorKernels<Avx2>::table("avx2", supported, VectorKernels<Avx2>::accumulateTriples<accumulateTriple>);

}  // namespace ternion
