#version 460
// BitLinear's product for many tokens on matrix units (cooperative matrices): int8 codes times trits, exact in int32 whatever the order.
//
// A workgroup makes tileRows x tileTokens results, a subgroup subgroupRows x subgroupTokens of them. 128 columns at a time go through
// shared memory; the next are read into registers meanwhile.
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_NV_cooperative_matrix : require
#extension GL_NV_integer_cooperative_matrix : require
#extension GL_EXT_shader_explicit_arithmetic_types_int8 : require
#extension GL_EXT_control_flow_attributes : require
#pragma use_vulkan_memory_model
#include "buffers.glsl"
#include "code_columns.glsl"
#include "float_profile.glsl"

layout(local_size_x_id = 0) in;
// The device's shape: M rows, N tokens, K columns.
layout(constant_id = 1) const uint M = 16u;
layout(constant_id = 2) const uint N = 16u;
layout(constant_id = 3) const uint K = 32u;
layout(constant_id = 4) const uint tileRows = 128u;
layout(constant_id = 5) const uint tileTokens = 128u;
layout(constant_id = 6) const uint subgroupRows = 64u;
layout(constant_id = 7) const uint subgroupTokens = 32u;
layout(constant_id = 8) const uint result = 0u;

// What becomes of a product (ProductResult in vulkan_kernels.h).
const uint addToResidual = 1u, accumulators = 2u, gates = 3u, glu = 4u;

layout(push_constant, std430) uniform Push {
    Quads weights;  // [P, rows, blocks * 4] packed trits, two bits each (core/model/ternary_matrix.h)
    Quads codes;    // [P, T, codeQuads(columns)]
    Floats steps;   // [P, T]
    Ints sums;      // [P, T]
    Floats y;       // [P, T, rows] out; `glu` [T, rows / 2]
    float gamma[3];
    uint rows;
    uint columns;
    uint tokens;
    uint bounded;
    Floats lowerBound;  // [rows], read when `bounded`
};

const uint packedQuads = 2u;         // of 128 columns of packed trits; a quad is 16 bytes
const uint stepQuads = 8u;           // of their codes, and of the trits unpacked
const uint stride = stepQuads + 1u;  // odd: neighbouring rows lie in other banks
const uint rowQuads = tileRows * stride;
const uint tileQuads = rowQuads + tileTokens * stride;
const uint fragmentRows = subgroupRows / M;
const uint fragmentTokens = subgroupTokens / N;
const uint subgroupsDown = tileRows / subgroupRows;
const uint outStride = subgroupRows / 4u + 1u;  // quads of a token's results
const uint outQuads = subgroupsDown * (tileTokens / subgroupTokens) * N * outStride;
const uint weightReads = (packedQuads * tileRows + gl_WorkGroupSize.x - 1u) / gl_WorkGroupSize.x;  // of an invocation, if it has any
const uint codeReads = stepQuads * tileTokens / gl_WorkGroupSize.x;

// Trits and codes of the steps at hand, and at the end results.
shared uvec4 tile[tileQuads > outQuads ? tileQuads : outQuads];
shared float factor[tileTokens];
shared int codeSum[tileTokens];

uint firstRow, firstToken, p;
uint weightFrom[weightReads], codeFrom[codeReads];
uvec4 packed[weightReads], code[codeReads];

/// The matrix' row that the tile's row is. `glu`: each subgroup has as many rows of u as of v, which is the second half.
uint rowOf(uint tileRow) {
    if (result != glu) return min(firstRow + tileRow, rows - 1u);
    const uint pairs = subgroupRows / 2u;
    const uint pair = min(firstRow / 2u + tileRow / subgroupRows * pairs + tileRow % pairs, rows / 2u - 1u);
    return tileRow % subgroupRows < pairs ? pair : rows / 2u + pair;
}

void findSources() {
    const uint self = gl_LocalInvocationID.x;
    const uint blocks = (columns + 255u) / 256u;
    [[unroll]] for (uint i = 0u; i < weightReads; ++i) {
        const uint at = min(i * gl_WorkGroupSize.x + self, packedQuads * tileRows - 1u);
        weightFrom[i] = (p * rows + rowOf(at / packedQuads)) * blocks * 4u + at % packedQuads;
    }
    [[unroll]] for (uint i = 0u; i < codeReads; ++i) {
        const uint at = i * gl_WorkGroupSize.x + self;
        const uint token = min(firstToken + at / stepQuads, tokens - 1u);
        codeFrom[i] = (p * tokens + token) * codeQuads(columns) + at % stepQuads;
    }
}

void read(uint step_) {
    [[unroll]] for (uint i = 0u; i < weightReads; ++i) packed[i] = weights.v[weightFrom[i] + step_ * packedQuads];
    [[unroll]] for (uint i = 0u; i < codeReads; ++i) code[i] = codes.v[codeFrom[i] + step_ * stepQuads];
}

void write() {
    [[unroll]] for (uint i = 0u; i < weightReads; ++i) {
        const uint at = i * gl_WorkGroupSize.x + gl_LocalInvocationID.x;
        if (at >= packedQuads * tileRows) break;
        [[unroll]] for (uint l = 0u; l < 4u; ++l)
            tile[at / packedQuads * stride + at % packedQuads + packedQuads * l] = (packed[i] >> (2u * l)) & 0x03030303u;
    }
    [[unroll]] for (uint i = 0u; i < codeReads; ++i) {
        const uint at = i * gl_WorkGroupSize.x + gl_LocalInvocationID.x;
        tile[rowQuads + at / stepQuads * stride + at % stepQuads] = code[i];
    }
}

icoopmatNV<32, gl_ScopeSubgroup, M, N> sum[fragmentRows * fragmentTokens];

void multiply(uint subgroupRow, uint subgroupToken) {
    [[unroll]] for (uint k = 0u; k < stepQuads * 16u / K; ++k) {
        icoopmatNV<8, gl_ScopeSubgroup, M, K> a[fragmentRows];
        icoopmatNV<8, gl_ScopeSubgroup, K, N> b;
        [[unroll]] for (uint i = 0u; i < fragmentRows; ++i)
            coopMatLoadNV(a[i], tile, (subgroupRow + i * M) * stride + k * (K / 16u), stride, false);
        [[unroll]] for (uint j = 0u; j < fragmentTokens; ++j) {
            coopMatLoadNV(b, tile, rowQuads + (subgroupToken + j * N) * stride + k * (K / 16u), stride, true);
            [[unroll]] for (uint i = 0u; i < fragmentRows; ++i)
                sum[i * fragmentTokens + j] = coopMatMulAddNV(a[i], b, sum[i * fragmentTokens + j]);
        }
    }
}

/// The results of a token and four of the subgroup's rows, which lie in the tile's quad `from`.
vec4 resultsAt(uint from, uint local, vec4 before) {
    const ivec4 total = ivec4(tile[from]) - codeSum[local];  // the weights' codes were trit + 1
    precise vec4 value = vec4(total) * factor[local];
    if (result == accumulators) value = intBitsToFloat(total);
    if (result == addToResidual) value = before + value;
    return value;
}

/// What a product ends in. Called four times, not in a loop: a loop of a fixed length is unrolled when SPIR-V is made (glslc -O), which
/// forgets what is `precise`.
float end(float value, float second, uint row) {
    precise float ended = value;
    if (result == glu) ended = silu(value) * second;
    if (result == gates && p == 0u) ended = silu(value);
    if (result == gates && p == 1u) {
        ended = sigmoid(value);
        if (bounded != 0u) ended = aboveLowerBound(ended, lowerBound.v[min(row, rows - 1u)]);
    }
    return ended;
}

/// N tokens of the subgroup's results, four rows at a time.
void finish(uint from, uint subgroupRow, uint subgroupToken) {
    const uint width = (result == glu ? subgroupRows / 2u : subgroupRows) / 4u;
    const uint outRows = result == glu ? rows / 2u : rows;
    const uint firstOut = result == glu ? (firstRow + subgroupRow) / 2u : firstRow + subgroupRow;
    const uint batch = 4u;
    const bool whole = outRows % 4u == 0u;  // then no four rows lie astride the end, and all are aligned
    for (uint first = gl_SubgroupInvocationID; first < N * width; first += batch * gl_SubgroupSize) {
        uint row[batch], local[batch], to[batch];
        bool inside[batch];
        vec4 before[batch];  // all read before any is written, so that no read waits for another
        [[unroll]] for (uint i = 0u; i < batch; ++i) {
            const uint at = first + i * gl_SubgroupSize;
            row[i] = firstOut + at % width * 4u;
            local[i] = subgroupToken + at / width;
            inside[i] = at < N * width && row[i] < outRows && firstToken + local[i] < tokens;
            to[i] = (p * tokens + firstToken + local[i]) * outRows + row[i];
            before[i] = vec4(0.0);
            if (result != addToResidual || !inside[i]) continue;
            if (whole)
                before[i] = FloatQuads(y).v[to[i] / 4u];
            else
                for (uint c = 0u; c < min(outRows - row[i], 4u); ++c) before[i][c] = y.v[to[i] + c];
        }
        [[unroll]] for (uint i = 0u; i < batch; ++i) {
            if (!inside[i]) continue;
            const uint here = from + (local[i] - subgroupToken) * outStride + (row[i] - firstOut) / 4u;
            precise vec4 value = resultsAt(here, local[i], before[i]);
            const vec4 second = result == glu ? resultsAt(here + width, local[i], vec4(0.0)) : vec4(0.0);
            value = vec4(end(value.x, second.x, row[i]), end(value.y, second.y, row[i] + 1u), end(value.z, second.z, row[i] + 2u),
                         end(value.w, second.w, row[i] + 3u));
            if (whole)
                FloatQuads(y).v[to[i] / 4u] = value;
            else
                for (uint c = 0u; c < min(outRows - row[i], 4u); ++c) y.v[to[i] + c] = value[c];
        }
    }
}

void main() {
    firstToken = gl_WorkGroupID.x * tileTokens;
    firstRow = gl_WorkGroupID.y * tileRows;
    p = gl_WorkGroupID.z;
    const uint subgroupRow = gl_SubgroupID % subgroupsDown * subgroupRows;
    const uint subgroupToken = gl_SubgroupID / subgroupsDown * subgroupTokens;
    for (uint t = gl_LocalInvocationID.x; t < tileTokens; t += gl_WorkGroupSize.x) {
        const uint at = p * tokens + min(firstToken + t, tokens - 1u);
        factor[t] = times(gamma[p], steps.v[at]);
        codeSum[t] = sums.v[at];
    }
    [[unroll]] for (uint i = 0u; i < fragmentRows * fragmentTokens; ++i) sum[i] = icoopmatNV<32, gl_ScopeSubgroup, M, N>(0);
    findSources();

    const uint steps = (columns + 255u) / 256u * 2u;
    read(0u);
    write();
    barrier();
    for (uint next = 1u; next <= steps; ++next) {
        read(min(next, steps - 1u));  // once too often: under a condition it is not done early (a tenth slower on an H100)
        multiply(subgroupRow, subgroupToken);
        barrier();
        write();
        barrier();
    }

    const uint from = gl_SubgroupID * N * outStride;
    [[unroll]] for (uint j = 0u; j < fragmentTokens; ++j) {
        [[unroll]] for (uint i = 0u; i < fragmentRows; ++i)
            coopMatStoreNV(sum[i * fragmentTokens + j], tile, from + i * (M / 4u), outStride, true);
        subgroupBarrier();
        finish(from, subgroupRow, subgroupToken + j * N);
        subgroupBarrier();
    }
}
