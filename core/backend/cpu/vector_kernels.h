// The kernels once for all vector instruction sets: the operations of backend/float_profile.h in the same order, a register at
// a time. Included by the file of each set, which says in a class of its own (in an anonymous namespace, so that no two files
// share machine code) what its registers are:
//   Floats, Ints                a register of 32-bit elements (GCC vector extensions: + - * < ?: work on every element)
//   roundHalfEven(Floats)
//   Part, blocksPerPart         a register of narrower sums, and the blocks of a row that they hold without overflow
//   dot(Part sum, codes, q)     sum + products of unsigned codes 0..2 by signed bytes
//   widened(Part)               as 32-bit sums
//   rowsOfOneToken              the tile of a mat-vec
//   tileRows, tileTokens        the tile of several tokens
//   total(Ints)                 the sum of its elements
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "backend/cpu/kernels.h"

namespace ternion {

static inline std::int32_t totalOfEight(__m256i x) {
    const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    const __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, _MM_SHUFFLE(1, 0, 3, 2)));
    return _mm_cvtsi128_si32(two) + _mm_extract_epi32(two, 1);
}

/// The three codes, two bits each, of a triple's number: of those below 16 and of the others.
alignas(16) static constexpr std::int8_t codesBelow16[16] = {0, 1, 2, 4, 5, 6, 8, 9, 10, 16, 17, 18, 20, 21, 22, 24};
alignas(16) static constexpr std::int8_t codesFrom16[16] = {25, 26, 32, 33, 34, 36, 37, 38, 40, 41, 42};

template <class Isa>
struct VectorKernels {
    using Floats = typename Isa::Floats;
    using Ints = typename Isa::Ints;
    static constexpr std::size_t bytes = sizeof(Floats);
    static constexpr std::size_t width = bytes / sizeof(float);
    using Bytes [[gnu::vector_size(width)]] = std::int8_t;
    static constexpr std::size_t blockBytes = 64;
    static constexpr std::size_t blockColumns = 256;

    // ---- Loads, stores, loops -----------------------------------------------------------------------------------------

    struct Whole {
        constexpr operator std::size_t() const { return width; }  // NOLINT(google-explicit-constructor)
    };

    template <class Register, class Element>
    static Register load(const Element* from, std::size_t count = width) {
        Register value{};
        __builtin_memcpy(&value, from, count * sizeof(Element));
        return value;
    }
    template <class Register, class Element>
    static void store(const Register& value, Element* to, std::size_t count = width) {
        __builtin_memcpy(to, &value, count * sizeof(Element));
    }

    /// body(first element, how many): full registers with a count known to the compiler, then what remains, if anything does.
    template <class Body>
    static void forEachRegister(std::size_t n, const Body& body) {
        std::size_t k = 0;
        for (; k + width <= n; k += width) body(k, Whole{});
        if (k < n) body(k, n - k);
    }

    static Floats broadcast(float x) { return x - Floats{}; }
    static Floats absolute(Floats x) { return (Floats)((Ints)x & 0x7FFFFFFF); }

    // ---- Functions of the float profile ---------------------------------------------------------------------------------

    static Floats clamp(Floats x, float low, float high) {
        x = x < low ? broadcast(low) : x;
        return high < x ? broadcast(high) : x;
    }

    static Floats exponential(Floats x) {
        x = clamp(x, -80.0F, 80.0F);
        const Floats n = Isa::roundHalfEven(x * 1.44269504F);
        const Floats r = (x - n * 0.693359375F) - n * -2.12194440e-4F;
        Floats p = broadcast(1.9875691500e-4F);
        p = p * r + 1.3981999507e-3F;
        p = p * r + 8.3334519073e-3F;
        p = p * r + 4.1665795894e-2F;
        p = p * r + 1.6666665459e-1F;
        p = p * r + 5.0000001201e-1F;
        p = p * (r * r) + r + 1.0F;
        return p * (Floats)((__builtin_convertvector(n, Ints) + 127) << 23);
    }

    static Floats reciprocal(Floats x) {
        auto y = (Floats)(0x7EF311C7 - (Ints)x);
        y = y * (2.0F - x * y);
        y = y * (2.0F - x * y);
        return y + y * (1.0F - x * y);
    }

    static Floats sigmoid(Floats x) { return reciprocal(1.0F + exponential(-x)); }
    static Floats silu(Floats x) { return x * sigmoid(x); }

    // ---- Kernels --------------------------------------------------------------------------------------------------------

    static float sumOfSquares(const float* x, std::size_t n) {
        constexpr std::size_t lanes = 256;
        Floats lane[lanes / width] = {};
        std::size_t k = 0;
        for (; k + lanes <= n; k += lanes)
            for (std::size_t j = 0; j < lanes / width; ++j) {
                const auto v = load<Floats>(x + k + j * width);
                lane[j] += v * v;
            }
        // What is missing of the last round counts as zeros: they change no lane.
        forEachRegister(n - k, [&](std::size_t j, auto count) {
            const auto v = load<Floats>(x + k + j, count);
            lane[j / width] += v * v;
        });
        // Neighbours within the registers, which leaves one sum a register, then neighbouring registers.
        float last[lanes];
        __builtin_memcpy(last, lane, sizeof last);
        for (std::size_t count = lanes / 2; count > 0; count /= 2)
            for (std::size_t j = 0; j < count; ++j) last[j] = last[2 * j] + last[2 * j + 1];
        return last[0];
    }

    static float weigh(const float* x, const float* g, float* out, std::size_t n) {
        Floats largest{};
        forEachRegister(n, [&](std::size_t k, auto count) {
            const Floats value = load<Floats>(x + k, count) * load<Floats>(g + k, count);
            store(value, out + k, count);
            largest = largest < absolute(value) ? absolute(value) : largest;
        });
        float result = 0.0F;
        for (std::size_t j = 0; j < width; ++j) result = result < largest[j] ? largest[j] : result;
        return result;
    }

    static std::int32_t quantise(const float* u, float factor, std::int8_t* codes, std::size_t n) {
        Ints sum{};
        forEachRegister(n, [&](std::size_t k, auto count) {
            const Floats rounded = clamp(Isa::roundHalfEven(load<Floats>(u + k, count) * factor), -128.0F, 127.0F);
            const Ints code = __builtin_convertvector(rounded, Ints);
            store(__builtin_convertvector(code, Bytes), codes + codePlace(k));
            sum += code;
        });
        for (std::size_t k = (n + width - 1) / width * width; k % blockColumns != 0; k += width)
            store(Bytes{}, codes + codePlace(k));
        return Isa::total(sum);
    }

    static void rescale(const std::int32_t* accumulators, float factor, float* y, std::size_t n) {
        forEachRegister(n, [&](std::size_t k, auto count) {
            store(__builtin_convertvector(load<Ints>(accumulators + k, count), Floats) * factor, y + k, count);
        });
    }

    static void addRescaled(const std::int32_t* accumulators, float factor, float* y, std::size_t n) {
        forEachRegister(n, [&](std::size_t k, auto count) {
            const Floats added = __builtin_convertvector(load<Ints>(accumulators + k, count), Floats) * factor;
            store(load<Floats>(y + k, count) + added, y + k, count);
        });
    }

    static void gates(float* i, float* f, const float* lowerBound, const float* before, float* h, std::size_t n) {
        forEachRegister(n, [&](std::size_t k, auto count) {
            Floats forget = sigmoid(load<Floats>(f + k, count));
            if (lowerBound != nullptr) {
                const auto b = load<Floats>(lowerBound + k, count);
                forget = b + (1.0F - b) * forget;
            }
            const Floats candidate = silu(load<Floats>(i + k, count)) * (1.0F - forget);
            const Floats next = forget * load<Floats>(before + k, count) + candidate;
            store(forget, f + k, count);
            store(candidate, i + k, count);
            store(absolute(next) < 0x1p-126F ? Floats{} : next, h + k, count);
        });
    }

    static void glu(const float* u, const float* v, float* out, std::size_t n) {
        forEachRegister(n, [&](std::size_t k, auto count) {
            store(silu(load<Floats>(u + k, count)) * load<Floats>(v + k, count), out + k, count);
        });
    }

    /// `rows` rows by `tokens` tokens held in registers: each weight is loaded and unpacked once for all of them, each
    /// activation once for all rows. Not inlined: it needs all registers for itself.
    template <int rows, int tokens>
    [[gnu::noinline]] static void tile(const std::byte* weights, std::size_t blocks, const std::int8_t* codes,
                                       const std::int32_t* sums, std::int32_t* accumulators, std::size_t stride) {
        // Memory is asked in the order of addresses, which keeps it at its best (row by row takes twice as long), and far
        // enough ahead for it to answer.
        constexpr std::size_t ahead = 8192;
        const std::size_t rowBytes = blocks * blockBytes;
        Ints sum[rows][tokens] = {};
        for (std::size_t begin = 0; begin < blocks; begin += Isa::blocksPerPart) {
            const std::size_t end = begin + Isa::blocksPerPart < blocks ? begin + Isa::blocksPerPart : blocks;
            typename Isa::Part part[rows][tokens] = {};
            for (std::size_t block = begin; block < end; ++block) {
                if constexpr (tokens == 1)  // more tokens meet the same weights again and again
                    for (std::size_t r = 0; r < rows; ++r)
                        _mm_prefetch(reinterpret_cast<const char*>(weights + (block * rows + r) * blockBytes + ahead),
                                     _MM_HINT_T0);
                for (std::size_t at = 0; at < blockBytes; at += bytes) {
                    Ints word[rows];
                    for (std::size_t r = 0; r < rows; ++r)
                        word[r] = load<Ints>(weights + r * rowBytes + block * blockBytes + at, bytes);
#pragma GCC unroll 2  // by more, it needs more registers than there are
                    for (std::size_t l = 0; l < 4; ++l) {
                        Ints code[rows];
                        for (std::size_t r = 0; r < rows; ++r) {
                            code[r] = word[r] & 0x03030303;
                            word[r] >>= 2;
                        }
                        for (std::size_t t = 0; t < tokens; ++t) {
                            const auto q = load<Ints>(codes + (t * blocks + block) * blockColumns + l * blockBytes + at, bytes);
                            for (std::size_t r = 0; r < rows; ++r) part[r][t] = Isa::dot(part[r][t], code[r], q);
                        }
                    }
                }
            }
            for (std::size_t r = 0; r < rows; ++r)
                for (std::size_t t = 0; t < tokens; ++t) sum[r][t] += Isa::widened(part[r][t]);
        }
        for (std::size_t t = 0; t < tokens; ++t)
            for (std::size_t r = 0; r < rows; ++r) accumulators[t * stride + r] = Isa::total(sum[r][t]) - sums[t];
    }

    template <int tokens>
    static void allRows(const std::byte* weights, int rows, int blocks, const std::int8_t* codes, const std::int32_t* sums,
                        std::int32_t* accumulators) {
        const auto blockCount = static_cast<std::size_t>(blocks);
        const auto stride = static_cast<std::size_t>(rows);
        int r = 0;
        const auto from = [&] { return weights + static_cast<std::size_t>(r) * blockCount * blockBytes; };
        constexpr int tileRows = tokens == 1 ? Isa::rowsOfOneToken : Isa::tileRows;
        for (; r + tileRows <= rows; r += tileRows)
            tile<tileRows, tokens>(from(), blockCount, codes, sums, accumulators + r, stride);
        for (; r < rows; ++r) tile<1, tokens>(from(), blockCount, codes, sums, accumulators + r, stride);
    }

    static void accumulate(const std::byte* weights, int rows, int blocks, const std::int8_t* codes, const std::int32_t* sums,
                           int tokens, std::int32_t* accumulators) {
        int t = 0;
        const auto run = [&](auto kernel) {
            const auto first = static_cast<std::size_t>(t);
            kernel(weights, rows, blocks, codes + first * static_cast<std::size_t>(blocks) * blockColumns, sums + t,
                   accumulators + first * static_cast<std::size_t>(rows));
        };
        for (; t + Isa::tileTokens <= tokens; t += Isa::tileTokens) run(allRows<Isa::tileTokens>);
        for (; t < tokens; ++t) run(allRows<1>);
    }

    /// Kernels::accumulateTriples by what does it for the three rows of one triple, sums of all codes not yet taken away.
    template <void (*ofTriple)(const std::byte* weights, int blocks, const std::int8_t* codes, std::int32_t (&sums)[3])>
    static void accumulateTriples(const std::byte* weights, int rows, int blocks, const std::int8_t* codes,
                                  const std::int32_t* sums, int tokens, std::int32_t* accumulators) {
        for (int t = 0; t < tokens; ++t, codes += std::ptrdiff_t{blocks} * blockColumns) {
            const std::byte* from = weights;
            for (int row = 0; row < rows; row += 3, from += static_cast<std::size_t>(blocks) * tripleBlockBytes) {
                std::int32_t three[3];
                ofTriple(from, blocks, codes, three);
                for (int r = 0; r < 3 && row + r < rows; ++r) *accumulators++ = three[r] - sums[t];
            }
        }
    }

    static std::uint64_t readAll(const std::byte* from, std::size_t size) {
        Ints all[4] = {};
        std::size_t at = 0;
        for (; at + 4 * bytes <= size; at += 4 * bytes)
            for (std::size_t j = 0; j < 4; ++j) {
                _mm_prefetch(reinterpret_cast<const char*>(from + at + j * bytes + 4096), _MM_HINT_T0);
                all[j] ^= load<Ints>(from + at + j * bytes, bytes);
            }
        return static_cast<std::uint64_t>(Isa::total(all[0] ^ all[1] ^ all[2] ^ all[3]));
    }

    static constexpr Kernels table(const char* name, bool (*supported)(),
                                   decltype(Kernels::accumulateTriples) accumulateTriples) {
        return {name,  supported, accumulate, accumulateTriples, sumOfSquares, weigh, quantise, rescale, addRescaled,
                gates, glu,       readAll};
    }
};

}  // namespace ternion
