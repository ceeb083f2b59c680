// The front of one or more BitLinears: values -> RMSNorm -> absmax int8, as float_profile.h says it. A kernel includes this and defines
//   bool normed();                    whether an RMSNorm is before it
//   float normedValue(uint column);   what that norms, x
//   float weighed(uint column);       what the BitLinears are given, less the norm's factor: t
//   void keep(uint column, float t);  puts it where again() finds it
//   vec4 again(uint column);          the same t, once kept, of four columns from a multiple of four on
// One workgroup a token. Sums of squares run in float_profile.h's 256 lanes.
#include "subgroups.glsl"
#extension GL_EXT_control_flow_attributes : require
#include "buffers.glsl"
#include "code_columns.glsl"
#include "float_profile.glsl"

const uint lanes = 256u;
layout(local_size_x = 256) in;
layout(constant_id = 0) const uint shuffled = 1u;
layout(constant_id = 1) const uint batch = 1u;        // columns that an invocation reads together
layout(constant_id = 2) const uint projections = 1u;  // P: BitLinears that are given the same

layout(push_constant, std430) uniform Push {
    Floats x;       // [T, width]; [T, 2 width] for glu_quantise
    Floats state;   // [T, width], gate_quantise alone
    Floats weight;  // [width] of the RMSNorm before the BitLinear
    Floats values;  // [T, width] out when `keepValues`: RMSNorm(x)
    Floats norms;   // [P, width] the BitLinears' own norm weights
    Words codes;    // [P, T, codeQuads(width) * 4] out: int8 codes, four a word, zero past width
    Floats steps;   // [P, T] out
    Ints sums;      // [P, T] out: sum of the codes
    uint width;
    uint tokens;
    float eps;  // of the RMSNorm before
    uint keepValues;
};

// What all lanes have together: the largest |u| of each projection, then sums of x^2 and of t^2.
const uint normedSquares = projections;
const uint weighedSquares = projections + 1u;
const uint wholes = projections + 2u;

shared float laneValue[wholes][lanes];
shared int codeSum[projections];

void combine(inout float whole[wholes], float other[wholes]) {
    [[unroll]] for (uint i = 0u; i < wholes; ++i) {
        precise const float a = whole[i], b = other[i];
        whole[i] = i < projections ? max(a, b) : a + b;
    }
}

void shuffleIn(inout float whole[wholes], uint mask) {
    float other[wholes];
    [[unroll]] for (uint i = 0u; i < wholes; ++i) other[i] = shuffleXor(whole[i], mask);
    combine(whole, other);
}

/// Every invocation of the workgroup calls this with its own values and gets the whole. Neighbours are combined first, then
/// pairs of neighbours: the order that float_profile.h gives sums.
void reduce(inout float whole[wholes]) {
    const uint j = gl_LocalInvocationID.x;
    uint mask = 1u;
    for (; mask < shuffled; mask *= 2u) shuffleIn(whole, mask);
    for (; mask * shuffled < lanes; mask *= 2u) {  // until a subgroup has an invocation for each of those that are left
        float other[wholes];
        [[unroll]] for (uint i = 0u; i < wholes; ++i) laneValue[i][j] = whole[i];
        barrier();
        [[unroll]] for (uint i = 0u; i < wholes; ++i) other[i] = laneValue[i][j ^ mask];
        combine(whole, other);
        barrier();
    }
    [[unroll]] for (uint i = 0u; i < wholes; ++i) laneValue[i][j] = whole[i];
    barrier();
    [[unroll]] for (uint i = 0u; i < wholes; ++i) whole[i] = laneValue[i][j * mask % lanes];
    for (uint left = 1u; left * mask < lanes; left *= 2u) shuffleIn(whole, left);
}

/// Four values from a multiple of four on; zero past `width`.
vec4 four(Floats from, uint row, uint column) {
    if (width % 4u == 0u) return FloatQuads(from).v[(row * width + column) / 4u];
    vec4 all = vec4(0.0);
    for (uint c = 0u; c < min(width - column, 4u); ++c) all[c] = from.v[row * width + column + c];
    return all;
}

vec4 times(vec4 a, vec4 b) {
    precise const vec4 product = a * b;
    return product;
}

bool normed();
float normedValue(uint column);
float weighed(uint column);
void keep(uint column, float t);
vec4 again(uint column);

void main() {
    const uint lane = gl_LocalInvocationID.x;
    const uint token = gl_WorkGroupID.x;
    if (lane < projections) codeSum[lane] = 0;

    float whole[wholes];
    [[unroll]] for (uint i = 0u; i < wholes; ++i) whole[i] = 0.0;
    for (uint first = lane; first < width; first += batch * lanes) {
        float x_[batch], t[batch], g[batch][projections];
        [[unroll]] for (uint i = 0u; i < batch; ++i) {
            const uint column = min(first + i * lanes, width - 1u);
            x_[i] = normed() ? normedValue(column) : 0.0;
            t[i] = weighed(column);
            [[unroll]] for (uint p = 0u; p < projections; ++p) g[i][p] = norms.v[p * width + column];
        }
        [[unroll]] for (uint i = 0u; i < batch; ++i) {
            if (first + i * lanes >= width) break;
            keep(first + i * lanes, t[i]);
            whole[normedSquares] = addSquare(whole[normedSquares], x_[i]);
            whole[weighedSquares] = addSquare(whole[weighedSquares], t[i]);
            [[unroll]] for (uint p = 0u; p < projections; ++p)
                whole[p] = max(whole[p], abs(times(t[i], g[i][p])));
        }
    }
    memoryBarrierBuffer();  // what is kept is seen by others after the barriers that follow
    reduce(whole);
    const float r1 = normed() ? inverseRms(whole[normedSquares], width, eps) : 1.0;
    const float r = bitLinearInverse(whole[weighedSquares], width, r1);

    // From here an invocation packs four neighbouring columns.
    float step[projections], factor[projections];
    int sum[projections];
    [[unroll]] for (uint p = 0u; p < projections; ++p) {
        step[p] = codeStep(times(whole[p], r));
        factor[p] = codeFactor(r, step[p]);
        sum[p] = 0;
    }
    const uint words = codeQuads(width) * 4u;
    for (uint word = lane; word < words; word += lanes) {
        const uint k = 4u * word;
        const bool inside = k < width;
        const vec4 t = inside ? again(k) : vec4(0.0);
        if (keepValues != 0u && inside)
            for (uint c = 0u; c < min(width - k, 4u); ++c) values.v[token * width + k + c] = times(t[c], r1);
        [[unroll]] for (uint p = 0u; p < projections; ++p) {
            const vec4 u = inside ? times(t, four(norms, p, k)) : vec4(0.0);
            const uvec4 code = uvec4(quantise(u.x, factor[p]), quantise(u.y, factor[p]), quantise(u.z, factor[p]),
                                     quantise(u.w, factor[p]));
            const ivec4 code_ = ivec4(code << 24u) >> 24;
            sum[p] += code_.x + code_.y + code_.z + code_.w;
            codes.v[(p * tokens + token) * words + word] = code.x | code.y << 8u | code.z << 16u | code.w << 24u;
        }
    }
    [[unroll]] for (uint p = 0u; p < projections; ++p) {
        for (uint mask = 1u; mask < shuffled; mask *= 2u) sum[p] += shuffleXor(sum[p], mask);
        if (lane % shuffled == 0u) atomicAdd(codeSum[p], sum[p]);
    }
    barrier();
    [[unroll]] for (uint p = 0u; p < projections; ++p) {
        if (lane != p) continue;
        steps.v[p * tokens + token] = step[p];
        sums.v[p * tokens + token] = codeSum[p];
    }
}
