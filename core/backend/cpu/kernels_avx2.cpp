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

bool supported() { return __builtin_cpu_supports("avx2") != 0; }

}  // namespace

constinit const Kernels avx2Kernels = VectorKernels<Avx2>::table("avx2", supported);

}  // namespace ternion
