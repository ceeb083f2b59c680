// Trits times int8 codes, exact in int32, and the rescale. A kernel includes this and defines
//   Factors factors(uvec4 codes);                      a quad of activation codes, as the product wants them
//   int product(uvec4 trits, Factors codes, int sum);  sixteen products of bytes, added to `sum`
//   int whole(int sum);                                what all products with one quad of weights came to
// `laneCount` invocations share `tileRows` rows, for which they read the activations once, and `tileTokens` tokens, for which
// they read the weights once. Workgroups: x rows, y tiles of tokens, z projections.
// Built with FIXED, a kernel rescales as the fixed profile does, without gamma.
#include "subgroups.glsl"
#include "buffers.glsl"
#ifdef FIXED
#include "fixed_profile.glsl"
#else
#include "float_profile.glsl"
#endif

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint laneCount = 32u;
layout(constant_id = 2) const uint tileRows = 1u;
layout(constant_id = 3) const uint tileTokens = 1u;
layout(constant_id = 4) const uint result = 0u;  // 0: y; 1: y added to what is there (the residual); 2: the accumulators
layout(constant_id = 5) const bool dense = false;
layout(constant_id = 6) const uint shuffled = 1u;

#include "packing.glsl"

#ifdef FIXED
struct Rescale {
    uint multiplier;
    int shift;
};
layout(buffer_reference, std430, buffer_reference_align = 4) buffer Rescales { Rescale v[]; };
#define Steps Rescales
#define Values Ints
#else
#define Steps Floats
#define Values Floats
#endif

layout(push_constant, std430) uniform Push {
    Quads weights;  // [P, rows, quadsPerRow(columns)] packed trits
    Quads codes;    // [P, T, codeQuads(columns)]
    Steps steps;    // [P, T]
    Ints sums;      // [P, T]
    Values y;       // [P, T, rows] out
    float gamma[3];
    uint rows;
    uint columns;
    uint tokens;
};

shared int partial[gl_WorkGroupSize.x];

/// Over the invocations that share rows; all of them get it.
int sumOverLanes(int own) {
    if (laneCount > shuffled) {
        const uint self = gl_LocalInvocationID.x, lane = self % laneCount;
        partial[self] = own;
        barrier();
        for (uint width = laneCount / 2u; width >= shuffled; width /= 2u) {
            if (lane < width) partial[self] += partial[self + width];
            barrier();
        }
        own = partial[self - lane + lane % shuffled];
        barrier();
    }
    for (uint mask = min(laneCount, shuffled) / 2u; mask > 0u; mask /= 2u) own += shuffleXor(own, mask);
    return own;
}

void store(uint p, uint token, uint row, int total) {
    if (token >= tokens || row >= rows) return;
    const uint index = p * tokens + token;
    total -= sums.v[index];  // the codes were trit + 1
    const uint at = index * rows + row;
#ifdef FIXED
    int value = result == 2u ? total : rescale(total, steps.v[index].multiplier, steps.v[index].shift);
    if (result == 1u) value = add(y.v[at], value);
    y.v[at] = value;
#else
    precise float value = float(total) * (gamma[p] * steps.v[index]);
    if (result == 1u) value = y.v[at] + value;
    y.v[at] = result == 2u ? intBitsToFloat(total) : value;
#endif
}

void main() {
    const uint lane = gl_LocalInvocationID.x % laneCount;
    const uint groupRows = gl_WorkGroupSize.x / laneCount * tileRows;
    const uint p = gl_WorkGroupID.z;
    const uint firstToken = gl_WorkGroupID.y * tileTokens;
    const uint rowQuads = quadsPerRow(columns);
    const uint tokenQuads = codeQuads(columns);

    for (uint base = gl_WorkGroupID.x * groupRows; base < rows; base += gl_NumWorkGroups.x * groupRows) {
        const uint firstRow = base + gl_LocalInvocationID.x / laneCount * tileRows;
        int sum[tileRows * tileTokens];
        for (uint k = 0u; k < tileRows * tileTokens; ++k) sum[k] = 0;
        for (uint quad = lane; quad < rowQuads; quad += laneCount) {
            Unpacking left[tileRows];
            for (uint r = 0u; r < tileRows; ++r)
                left[r] = unpacking(weights.v[(p * rows + min(firstRow + r, rows - 1u)) * rowQuads + quad]);
            int part[tileRows * tileTokens];
            for (uint k = 0u; k < tileRows * tileTokens; ++k) part[k] = 0;
            for (uint step = 0u; step < stepsPerQuad; ++step) {
                const uint at = codeQuad(quad, step, rowQuads);
                uvec4 trits[tileRows];
                for (uint r = 0u; r < tileRows; ++r) trits[r] = nextCodes(left[r]);
                for (uint t = 0u; t < tileTokens; ++t) {
                    const uint token = min(firstToken + t, tokens - 1u);
                    const Factors four = factors(codes.v[(p * tokens + token) * tokenQuads + at]);
                    for (uint r = 0u; r < tileRows; ++r) {
                        const uint k = t * tileRows + r;
                        part[k] = product(trits[r], four, part[k]);
                    }
                }
            }
            for (uint k = 0u; k < tileRows * tileTokens; ++k) sum[k] += whole(part[k]);
        }
        for (uint k = 0u; k < tileRows * tileTokens; ++k) {
            const int total = sumOverLanes(sum[k]);
            if (lane == k % laneCount) store(p, firstToken + k / tileRows, firstRow + k % tileRows, total);
        }
    }
}
