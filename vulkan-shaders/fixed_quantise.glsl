// The front of one or more BitLinears in the fixed profile: values -> int8 codes and what rescales their products, as
// fixed_profile.glsl says it. A kernel includes this and defines
//   bool normed();                  whether a norm is before it
//   int normedValue(uint column);   what that norms
//   int given(uint column);         p
//   void keep(uint column, int p);  puts it where again() finds it
//   int again(uint column);         the same p, once kept
// One workgroup a token. All sums and largest values are the same in any order.
#include "subgroups.glsl"
#extension GL_EXT_control_flow_attributes : require
#include "buffers.glsl"
#include "code_columns.glsl"
#include "fixed_profile.glsl"
#include "fixed_edits.glsl"

const uint lanes = 256u;
layout(local_size_x = 256) in;
layout(constant_id = 0) const uint shuffled = 1u;
layout(constant_id = 1) const uint projections = 1u;  // P: BitLinears that are given the same

struct Rescale {
    uint multiplier;
    int shift;
};
layout(buffer_reference, std430, buffer_reference_align = 4) buffer Rescales { Rescale v[]; };

layout(push_constant, std430) uniform Push {
    Ints x;             // [T, width]; [T, 2 width] for fixed_glu_quantise, and behind it [T, width] that it makes of that
    Ints state;         // [T, width], fixed_gate_quantise alone
    Ints weight;        // [width] of the norm before the BitLinears
    Ints norms;         // [P, width] that norm's weights times the BitLinears' own
    Words codes;        // [P, T, codeQuads(width) * 4] out: int8 codes, four a word, zero past width
    Rescales rescales;  // [P, T] out
    Ints sums;          // [P, T] out: sum of the codes
    Ints table;         // the sigmoid's
    Edits edits;        // of the GLU's product
    uvec2 range;        // the entries of `edits` that are of it
    uint width;
    uint tokens;
    Epsilon epsilon;
    Scale scales[3];
};

const uint runs = lanes / shuffled;
shared uvec2 runFirst[runs], runSquares[runs];
shared int runLargest[projections][runs];
shared CodeScale codeScales[projections];
shared int codeSum[projections];

bool normed();
int normedValue(uint column);
int given(uint column);
void keep(uint column, int p);
int again(uint column);

void main() {
    const uint lane = gl_LocalInvocationID.x;
    const uint token = gl_WorkGroupID.x;
    if (lane < projections) codeSum[lane] = 0;

    uvec2 first = uvec2(0u), squares = uvec2(0u);
    int largestU[projections];
    [[unroll]] for (uint p = 0u; p < projections; ++p) largestU[p] = 0;
    for (uint column = lane; column < width; column += lanes) {
        if (normed()) first = sum(first, square(normedValue(column)));
        const int value = given(column);
        keep(column, value);
        squares = sum(squares, square(normed() ? weigh(value, weight.v[column]) : value));
        [[unroll]] for (uint p = 0u; p < projections; ++p)
            largestU[p] = max(largestU[p], abs(weigh(value, norms.v[p * width + column])));
    }
    memoryBarrierBuffer();  // what is kept is seen by others after the barriers that follow
    for (uint mask = 1u; mask < shuffled; mask *= 2u) {
        first = sum(first, shuffleXor(first, mask));
        squares = sum(squares, shuffleXor(squares, mask));
        [[unroll]] for (uint p = 0u; p < projections; ++p) largestU[p] = max(largestU[p], shuffleXor(largestU[p], mask));
    }
    if (lane % shuffled == 0u) {
        runFirst[lane / shuffled] = first;
        runSquares[lane / shuffled] = squares;
        [[unroll]] for (uint p = 0u; p < projections; ++p) runLargest[p][lane / shuffled] = largestU[p];
    }
    barrier();
    if (lane < projections) {
        first = squares = uvec2(0u);
        int most = 0;
        for (uint run = 0u; run < runs; ++run) {
            first = sum(first, runFirst[run]);
            squares = sum(squares, runSquares[run]);
            most = max(most, runLargest[lane][run]);
        }
        const CodeScale made = codeScale(most, rootOf(withEpsilon(squares, first, epsilon)), scales[lane]);
        codeScales[lane] = made;
        rescales.v[lane * tokens + token] = Rescale(made.multiplier, made.shift);
    }
    barrier();

    // From here an invocation packs four neighbouring columns.
    int total[projections];
    [[unroll]] for (uint p = 0u; p < projections; ++p) total[p] = 0;
    const uint words = codeQuads(width) * 4u;
    for (uint word = lane; word < words; word += lanes) {
        uint packed[projections];
        [[unroll]] for (uint p = 0u; p < projections; ++p) packed[p] = 0u;
        for (uint c = 0u; c < 4u && 4u * word + c < width; ++c) {
            const uint column = 4u * word + c;
            const int value = again(column);
            [[unroll]] for (uint p = 0u; p < projections; ++p) {
                const int made = code(weigh(value, norms.v[p * width + column]), codeScales[p]);
                total[p] += made;
                packed[p] |= (uint(made) & 0xFFu) << (8u * c);
            }
        }
        [[unroll]] for (uint p = 0u; p < projections; ++p) codes.v[(p * tokens + token) * words + word] = packed[p];
    }
    [[unroll]] for (uint p = 0u; p < projections; ++p) {
        for (uint mask = 1u; mask < shuffled; mask *= 2u) total[p] += shuffleXor(total[p], mask);
        if (lane % shuffled == 0u) atomicAdd(codeSum[p], total[p]);
    }
    barrier();
    if (lane < projections) sums.v[lane * tokens + token] = codeSum[lane];
}
