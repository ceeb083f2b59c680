// AVX-512 with VNNI: 64 products of a trit's code and an int8 in one instruction.
#include <immintrin.h>

#include "backend/cpu/vector_kernels.h"

namespace ternion {
namespace {

struct Avx512Vnni {
    using Floats [[gnu::vector_size(64)]] = float;
    using Ints [[gnu::vector_size(64)]] = std::int32_t;
    static constexpr int tileRows = 4;  // 4 x 4 sums, 4 weights and one activation: no register is spilt
    static constexpr int tileTokens = 4;

    static Floats roundHalfEven(Floats x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
    static Ints dot(Ints sum, Ints codes, Ints q) {
        return (Ints)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)codes, (__m512i)q);
    }
    static std::int32_t total(Ints x) { return _mm512_reduce_add_epi32((__m512i)x); }
};

bool supported() {
    return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
           __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
           __builtin_cpu_supports("avx512vnni") != 0;
}

}  // namespace

constinit const Kernels avx512vnniKernels = VectorKernels<Avx512Vnni>::table("avx512vnni", supported);

}  // namespace ternion
