// Trits times int8 codes, exact in int32, and the rescale. A kernel includes this and defines
//   int dot4(uint trits, uint codes, int sum);    sum of four products of bytes, added to `sum`
// `laneCount` invocations share a row; a workgroup has as many rows as fit. Workgroups: x rows, y tiles of tokens, z projections.
#include "buffers.glsl"
#include "float_profile.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint laneCount = 32u;
layout(constant_id = 2) const uint tileTokens = 1u;
layout(constant_id = 3) const uint result = 0u;  // 0: y; 1: y added to what is there (the residual); 2: the accumulators
layout(constant_id = 4) const bool dense = false;

#include "packing.glsl"

layout(push_constant, std430) uniform Push {
    Quads weights;  // [P, rows, quadsPerRow(columns)] packed trits
    Quads codes;    // [P, T, codeQuads(columns)]
    Floats scales;  // [P, T]
    Ints sums;      // [P, T]
    Floats y;       // [P, T, rows] out
    float gamma[3];
    uint rows;
    uint columns;
    uint tokens;
};

shared int partial[gl_WorkGroupSize.x * tileTokens];

void main() {
    const uint self = gl_LocalInvocationID.x;
    const uint lane = self % laneCount;
    const uint groupRows = gl_WorkGroupSize.x / laneCount;
    const uint p = gl_WorkGroupID.z;
    const uint firstToken = gl_WorkGroupID.y * tileTokens;
    const float gammaHere = gamma[p];
    const uint rowQuads = quadsPerRow(columns);
    const uint tokenQuads = codeQuads(columns);

    for (uint base = gl_WorkGroupID.x * groupRows; base < rows; base += gl_NumWorkGroups.x * groupRows) {
        const uint row = min(base + self / laneCount, rows - 1u);
        const uint rowStart = (p * rows + row) * rowQuads;
        int sum[tileTokens];
        for (uint t = 0u; t < tileTokens; ++t) sum[t] = 0;
        for (uint quad = lane; quad < rowQuads; quad += laneCount) {
            Unpacking left = unpacking(weights.v[rowStart + quad]);
            for (uint step = 0u; step < stepsPerQuad; ++step) {
                const uvec4 trits = nextCodes(left);
                const uint at = codeQuad(quad, step, rowQuads);
                for (uint t = 0u; t < tileTokens; ++t) {
                    const uint token = min(firstToken + t, tokens - 1u);
                    const uvec4 four = codes.v[(p * tokens + token) * tokenQuads + at];
                    sum[t] = dot4(trits.x, four.x, sum[t]);
                    sum[t] = dot4(trits.y, four.y, sum[t]);
                    sum[t] = dot4(trits.z, four.z, sum[t]);
                    sum[t] = dot4(trits.w, four.w, sum[t]);
                }
            }
        }
        if (laneCount > 1u) {
            barrier();
            for (uint t = 0u; t < tileTokens; ++t) partial[t * gl_WorkGroupSize.x + self] = sum[t];
            barrier();
        }
        for (uint t = lane; t < tileTokens; t += laneCount) {
            const uint token = firstToken + t;
            if (token >= tokens || base + self / laneCount >= rows) continue;
            int total = laneCount > 1u ? 0 : sum[t];
            if (laneCount > 1u)
                for (uint k = 0u; k < laneCount; ++k) total += partial[t * gl_WorkGroupSize.x + self - lane + k];
            const uint index = p * tokens + token;
            total -= sums.v[index];  // the codes were trit + 1
            const uint at = index * rows + row;
            precise float value = float(total) * divide(gammaHere, scales.v[index]);
            if (result == 1u) value = y.v[at] + value;
            y.v[at] = result == 2u ? intBitsToFloat(total) : value;
        }
    }
}
