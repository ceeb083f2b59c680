// The front of a BitLinear: values -> RMSNorm -> absmax int8, as float_profile.h says it. A kernel includes this and defines
//   bool normed();                    whether an RMSNorm is before it
//   float normedValue(uint column);   what that norms, x
//   float weighed(uint column);       what the BitLinear is given, less the norm's factor: t
//   void keep(uint column, float t);  puts it where again() finds it
//   float again(uint column);         the same t, once kept
// One workgroup a token (x) and projection (y). Sums of squares run in float_profile.h's 256 lanes.
#include "subgroups.glsl"
#extension GL_EXT_control_flow_attributes : require
#include "buffers.glsl"
#include "code_columns.glsl"
#include "float_profile.glsl"

const uint lanes = 256u;
layout(local_size_x = 256) in;
layout(constant_id = 0) const uint shuffled = 1u;
layout(constant_id = 1) const uint batch = 1u;  // columns that an invocation reads together

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

shared float floatLane[lanes];
shared int intLane[lanes];

/// Every invocation of the workgroup calls these with its own value and gets the whole. Neighbours are combined first, then
/// pairs of neighbours: the order that float_profile.h gives sums.
#define REDUCE(name, Type, lane, combine)                                         \
    Type name(Type own) {                                                         \
        const uint j = gl_LocalInvocationID.x;                                    \
        precise Type whole = own;                                                 \
        for (uint mask = 1u; mask < shuffled; mask *= 2u) {                       \
            precise const Type a = whole, b = shuffleXor(a, mask);                \
            whole = combine;                                                      \
        }                                                                         \
        for (uint mask = shuffled; mask < lanes; mask *= 2u) {                    \
            lane[j] = whole;                                                      \
            barrier();                                                            \
            precise const Type a = whole, b = lane[j ^ mask];                     \
            whole = combine;                                                      \
            barrier();                                                            \
        }                                                                         \
        return whole;                                                             \
    }
REDUCE(sumOverLanes, float, floatLane, a + b)
REDUCE(maxOverLanes, float, floatLane, max(a, b))
REDUCE(sumOverLanes, int, intLane, a + b)
#undef REDUCE

bool normed();
float normedValue(uint column);
float weighed(uint column);
void keep(uint column, float t);
float again(uint column);

void main() {
    const uint lane = gl_LocalInvocationID.x;
    const uint row = gl_WorkGroupID.y * tokens + gl_WorkGroupID.x;
    const uint norm = gl_WorkGroupID.y * width;

    float squares = 0.0, weighedSquares = 0.0, largest = 0.0;
    for (uint first = lane; first < width; first += batch * lanes) {
        float x_[batch], t[batch], g[batch];
        [[unroll]] for (uint i = 0u; i < batch; ++i) {
            const uint column = min(first + i * lanes, width - 1u);
            x_[i] = normed() ? normedValue(column) : 0.0;
            t[i] = weighed(column);
            g[i] = norms.v[norm + column];
        }
        [[unroll]] for (uint i = 0u; i < batch; ++i) {
            if (first + i * lanes >= width) break;
            keep(first + i * lanes, t[i]);
            squares = addSquare(squares, x_[i]);
            weighedSquares = addSquare(weighedSquares, t[i]);
            largest = max(largest, abs(times(t[i], g[i])));
        }
    }
    const float r1 = normed() ? inverseRms(sumOverLanes(squares), width, eps) : 1.0;
    const float r = bitLinearInverse(sumOverLanes(weighedSquares), width, r1);
    const float step = codeStep(times(maxOverLanes(largest), r));
    const float factor = codeFactor(r, step);

    // From here an invocation packs four neighbouring columns, which others of the workgroup have kept.
    memoryBarrierBuffer();
    barrier();
    const uint words = codeQuads(width) * 4u;
    int sum = 0;
    for (uint word = lane; word < words; word += lanes) {
        uint packed = 0u;
        [[unroll]] for (uint byte = 0u; byte < 4u; ++byte) {
            const uint k = 4u * word + byte;
            if (k >= width) break;
            const float t = again(k);
            if (keepValues != 0u) values.v[gl_WorkGroupID.x * width + k] = times(t, r1);
            const uint code = quantise(times(t, norms.v[norm + k]), factor);
            sum += int(code << 24) >> 24;
            packed |= code << (8u * byte);
        }
        codes.v[row * words + word] = packed;
    }
    sum = sumOverLanes(sum);
    if (lane == 0u) {
        steps.v[row] = step;
        sums.v[row] = sum;
    }
}
