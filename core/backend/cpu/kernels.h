// What one instruction set does for a forward pass: a table of functions. All sets give the same bits.
//
// Declarations only: the files of the instruction sets are compiled for processors that this one may not be, so nothing inline
// that another file shares may come from here.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ternion {

/// Where the int8 code of a column belongs among the codes of a mat-vec: within a block of 256, column g*128 + l*32 + m at
/// l*64 + g*32 + m. The trit that byte b of a weight block holds at bits 2l and 2l+1 then meets the code at place l*64 + b.
static constexpr std::size_t codePlace(std::size_t column) {
    return column / 256 * 256 + column % 128 / 32 * 64 + column % 256 / 128 * 32 + column % 32;
}

/// Bytes of three rows in one block (row_triples.h).
static constexpr std::size_t tripleBlockBytes = 160;

/// Pointers and sizes instead of spans, for the reason above; the callers check. `n` counts elements, which need no alignment
/// and need not be a multiple of anything.
struct Kernels {
    const char* name;     ///< what CpuOptions::instructionSet takes
    bool (*supported)();  ///< by this processor

    /// Ternary mat-vec of several tokens: accumulators[t * rows + r] = sum over k of trit[r][k] * code[t][k].
    /// `weights` are `rows` packed rows of `blocks` blocks (model/ternary_matrix.h); `codes` is `[tokens, blocks * 256]` in the
    /// order that `quantise` writes, `sums` `[tokens]` its results.
    void (*accumulate)(const std::byte* weights, int rows, int blocks, const std::int8_t* codes, const std::int32_t* sums,
                       int tokens, std::int32_t* accumulators);

    /// The same for rows packed in triples (row_triples.h); faster for few tokens, since it reads less. Null where a set has it
    /// not.
    void (*accumulateTriples)(const std::byte* weights, int rows, int blocks, const std::int8_t* codes,
                              const std::int32_t* sums, int tokens, std::int32_t* accumulators);

    /// profile::sumOfSquares.
    float (*sumOfSquares)(const float* x, std::size_t n);

    /// out = x * g; returns max |out|. `out` may be `x`.
    float (*weigh)(const float* x, const float* g, float* out, std::size_t n);

    /// profile::quantise of every element, to its codePlace; returns the codes' sum. Writes whole blocks of 256, zeros past
    /// `n`.
    std::int32_t (*quantise)(const float* u, float factor, std::int8_t* codes, std::size_t n);

    /// y = float(accumulator) * factor.
    void (*rescale)(const std::int32_t* accumulators, float factor, float* y, std::size_t n);

    /// y = y + float(accumulator) * factor: a residual connection.
    void (*addRescaled)(const std::int32_t* accumulators, float factor, float* y, std::size_t n);

    /// The MLGRU's gates for one token, in place: f = sigmoid(f), raised above `lowerBound` unless that is null;
    /// i = silu(i) * (1 - f); h = mlgru(f, before, i). `h` may be `before`.
    void (*gates)(float* i, float* f, const float* lowerBound, const float* before, float* h, std::size_t n);

    /// out = silu(u) * v. `out` may be `u` or `v`.
    void (*glu)(const float* u, const float* v, float* out, std::size_t n);

    /// Loads every byte once, for a measurement of bandwidth; the result only keeps the loads alive.
    std::uint64_t (*readAll)(const std::byte* bytes, std::size_t size);
};

extern const Kernels scalarKernels;
extern const Kernels avx2Kernels;
extern const Kernels avx512vnniKernels;

/// Every instruction set there is, the fastest first. A new one is a file beside these, and its line.
inline constexpr const Kernels* allKernels[] = {&avx512vnniKernels, &avx2Kernels, &scalarKernels};

}  // namespace ternion
