// The plain path: reads like the paper, and what every other path is compared with.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "backend/cpu/kernels.h"
#include "backend/float_profile.h"
#include "model/ternary_matrix.h"

namespace ternion {
namespace {

constexpr auto blockBytes = static_cast<int>(TernaryMatrix::blockBytes);

std::int32_t blockProduct(const std::byte* weights, const std::int8_t* codes) {
    std::int32_t sum = 0;
    for (int b = 0; b < blockBytes; ++b)
        for (int l = 0; l < 4; ++l) {
            const int trit = (std::to_integer<int>(weights[b]) >> 2 * l & 3) - 1;
            sum += trit * codes[l * blockBytes + b];
        }
    return sum;
}

void accumulate(const std::byte* weights, int rows, int blocks, const std::int8_t* codes, const std::int32_t* /*sums*/,
                int tokens, std::int32_t* accumulators) {
    for (int t = 0; t < tokens; ++t)
        for (int r = 0; r < rows; ++r) {
            std::int32_t sum = 0;
            for (int b = 0; b < blocks; ++b)
                sum += blockProduct(weights + (std::ptrdiff_t{r} * blocks + b) * blockBytes,
                                    codes + (std::ptrdiff_t{t} * blocks + b) * TernaryMatrix::blockColumns);
            accumulators[std::ptrdiff_t{t} * rows + r] = sum;
        }
}

float sumOfSquares(const float* x, std::size_t n) { return profile::sumOfSquares({x, n}); }

float weigh(const float* x, const float* g, float* out, std::size_t n) {
    float largest = 0.0F;
    for (std::size_t k = 0; k < n; ++k) {
        out[k] = x[k] * g[k];
        largest = std::max(largest, std::fabs(out[k]));
    }
    return largest;
}

std::int32_t quantise(const float* u, float factor, std::int8_t* codes, std::size_t n) {
    constexpr std::size_t block = TernaryMatrix::blockColumns;
    std::memset(codes, 0, (n + block - 1) / block * block);
    std::int32_t sum = 0;
    for (std::size_t k = 0; k < n; ++k) {
        const std::int8_t code = profile::quantise(u[k], factor);
        codes[codePlace(k)] = code;
        sum += code;
    }
    return sum;
}

void rescale(const std::int32_t* accumulators, float factor, float* y, std::size_t n) {
    for (std::size_t k = 0; k < n; ++k) y[k] = static_cast<float>(accumulators[k]) * factor;
}

void addRescaled(const std::int32_t* accumulators, float factor, float* y, std::size_t n) {
    for (std::size_t k = 0; k < n; ++k) y[k] = y[k] + static_cast<float>(accumulators[k]) * factor;
}

void gates(float* i, float* f, const float* lowerBound, const float* before, float* h, std::size_t n) {
    for (std::size_t k = 0; k < n; ++k) {
        f[k] = profile::sigmoid(f[k]);
        if (lowerBound != nullptr) f[k] = profile::aboveLowerBound(f[k], lowerBound[k]);
        i[k] = profile::silu(i[k]) * (1.0F - f[k]);
        h[k] = profile::mlgru(f[k], before[k], i[k]);
    }
}

void glu(const float* u, const float* v, float* out, std::size_t n) {
    for (std::size_t k = 0; k < n; ++k) out[k] = profile::silu(u[k]) * v[k];
}

std::uint64_t readAll(const std::byte* bytes, std::size_t size) {
    std::uint64_t all = 0;
    for (std::size_t at = 0; at + sizeof all <= size; at += sizeof all) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes + at, sizeof word);
        all ^= word;
    }
    return all;
}

}  // namespace

constinit const Kernels scalarKernels{"scalar", [] { return true; }, accumulate, nullptr, sumOfSquares, weigh, quantise,
                                      rescale,  addRescaled,         gates,      glu,     readAll};

}  // namespace ternion
