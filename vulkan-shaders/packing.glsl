// How a row's trits are packed: two bits each (core/model/ternary_matrix.h) or five a byte (core/model/dense_trits.h).
// A kernel declares `dense`, a specialization constant, and includes this. A quad (16 bytes) of weights gives `stepsPerQuad`
// quads of codes (trit + 1), a byte each:
//   Unpacking left = unpacking(weights.v[row * quadsPerRow(columns) + quad]);
//   for (uint step = 0u; step < stepsPerQuad; ++step) nextCodes(left) belong to codes.v[codeQuad(quad, step, quadsPerRow(columns))]
#include "code_columns.glsl"

const uint stepsPerQuad = dense ? 5u : 4u;

uint quadsPerRow(uint columns) { return dense ? denseQuads(columns) : twoBitQuads(columns); }

/// Where in a token's activation codes the columns of a step lie, in quads.
uint codeQuad(uint quad, uint step, uint rowQuads) {
    if (dense) return step * rowQuads + quad;
    // A block has 16 quads of codes; its quads of weights hold every second one of group quad/2 of eight.
    return (quad >> 2u) * 16u + ((quad >> 1u) & 1u) * 8u + (quad & 1u) + 2u * step;
}

/// What is left of a quad. Dense: its even and odd bytes, each with room to be multiplied by 3.
struct Unpacking {
    uvec4 even, odd;
};

Unpacking unpacking(uvec4 quad) {
    return dense ? Unpacking(quad & 0x00FF00FFu, (quad >> 8u) & 0x00FF00FFu) : Unpacking(quad, uvec4(0u));
}

uvec4 nextCodes(inout Unpacking left) {
    if (!dense) {
        const uvec4 codes = left.even & 0x03030303u;
        left.even >>= 2u;
        return codes;
    }
    left.even *= 3u;
    left.odd *= 3u;
    const uvec4 codes = ((left.even >> 8u) & 0x00030003u) | (left.odd & 0x03000300u);
    left.even &= 0x00FF00FFu;
    left.odd &= 0x00FF00FFu;
    return codes;
}
