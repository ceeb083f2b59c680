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

bool supported() {
    return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
           __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
           __builtin_cpu_supports("avx512vnni") != 0;
}

}  // namespace

constinit const Kernels avx512vnniKernels = VectorKernels<Avx512Vnni>::table("avx512vnni", supported, nullptr);

}  // namespace ternion
