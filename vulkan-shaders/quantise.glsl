// The front of a BitLinear: values -> RMSNorm -> absmax int8. A kernel includes this and defines
//   void prepare();               what source() needs of the whole row (called by all 256 invocations)
//   float source(uint column);    the value that BitLinear is given
//   void keep(uint column, float value);  puts it where again() finds it
//   float again(uint column);     the same value, once kept
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
    Floats values;  // [T, width] out when `keepValues`: what BitLinear is given
    Floats norms;   // [P, width] the BitLinears' own norm weights
    Words codes;    // [P, T, codeQuads(width) * 4] out: int8 codes, four a word, zero past width
    Floats scales;  // [P, T] out: s
    Ints sums;      // [P, T] out: sum of the codes
    uint width;
    uint tokens;
    float eps;  // of the RMSNorm before
    uint keepValues;
};

const float bitLinearEps = 1e-6;

shared float floatLane[lanes];
shared int intLane[lanes];

/// Every invocation of the workgroup calls these with its own value and gets the whole. `combine` of lane j and lane j + width,
/// for width = 128, 64, ... 1: the order that float_profile.h gives sums. Shuffles give lane j + width the same bits as lane j.
#define REDUCE(name, Type, lane, combine)                              \
    Type name(Type own) {                                              \
        const uint j = gl_LocalInvocationID.x;                         \
        lane[j] = own;                                                 \
        barrier();                                                     \
        for (uint width_ = lanes / 2u; width_ >= shuffled; width_ /= 2u) { \
            if (j < width_) {                                          \
                precise const Type a = lane[j], b = lane[j + width_];  \
                precise const Type combined = combine;                 \
                lane[j] = combined;                                    \
            }                                                          \
            barrier();                                                 \
        }                                                              \
        Type whole = lane[j % shuffled];                               \
        for (uint width_ = shuffled / 2u; width_ > 0u; width_ /= 2u) { \
            precise const Type a = whole, b = shuffleXor(a, width_);   \
            precise const Type combined = combine;                     \
            whole = combined;                                          \
        }                                                              \
        barrier();                                                     \
        return whole;                                                  \
    }
REDUCE(sumOverLanes, float, floatLane, a + b)
REDUCE(maxOverLanes, float, floatLane, max(a, b))
REDUCE(sumOverLanes, int, intLane, a + b)
#undef REDUCE

/// Adds a square to a lane's sum.
float addSquare(float sum, float value) {
    precise const float next = sum + value * value;
    return next;
}

/// (value * r) * weight: RMSNorm of one column.
float normalise(float value, float r, float weight_) {
    precise const float result = (value * r) * weight_;
    return result;
}

/// What RMSNorm multiplies this token's row of x by.
float inverseRmsOfRow() {
    float squares = 0.0;
    for (uint first = gl_LocalInvocationID.x; first < width; first += batch * lanes) {
        float value[batch];
        [[unroll]] for (uint i = 0u; i < batch; ++i)
            value[i] = x.v[gl_WorkGroupID.x * width + min(first + i * lanes, width - 1u)];
        [[unroll]] for (uint i = 0u; i < batch; ++i)
            squares = addSquare(squares, first + i * lanes < width ? value[i] : 0.0);
    }
    return inverseRms(sumOverLanes(squares), width, eps);
}

void prepare();
float source(uint column);
void keep(uint column, float value);
float again(uint column);

void main() {
    const uint lane = gl_LocalInvocationID.x;
    const uint row = gl_WorkGroupID.y * tokens + gl_WorkGroupID.x;
    const uint norm = gl_WorkGroupID.y * width;
    prepare();

    float squares = 0.0;
    for (uint first = lane; first < width; first += batch * lanes) {
        float value[batch];
        [[unroll]] for (uint i = 0u; i < batch; ++i) value[i] = source(min(first + i * lanes, width - 1u));
        [[unroll]] for (uint i = 0u; i < batch; ++i) {
            if (first + i * lanes >= width) break;
            keep(first + i * lanes, value[i]);
            squares = addSquare(squares, value[i]);
        }
    }
    const float r = inverseRms(sumOverLanes(squares), width, bitLinearEps);

    float largest = 0.0;
    for (uint first = lane; first < width; first += batch * lanes)
        [[unroll]] for (uint i = 0u; i < batch; ++i) {
            const uint k = first + i * lanes < width ? first + i * lanes : lane;
            largest = max(largest, abs(normalise(again(k), r, norms.v[norm + k])));
        }
    const float s = quantisationScale(maxOverLanes(largest));

    // From here an invocation packs four neighbouring columns, which others of the workgroup have kept.
    memoryBarrierBuffer();
    barrier();
    const uint words = codeQuads(width) * 4u;
    int sum = 0;
    for (uint word = lane; word < words; word += lanes) {
        uint packed = 0u;
        [[unroll]] for (uint byte = 0u; byte < 4u; ++byte) {
            const uint k = min(4u * word + byte, width - 1u);
            const int code = 4u * word + byte < width ? quantise(normalise(again(k), r, norms.v[norm + k]), s) : 0;
            sum += code;
            packed |= (uint(code) & 0xFFu) << (8u * byte);
        }
        codes.v[row * words + word] = packed;
    }
    sum = sumOverLanes(sum);
    if (lane == 0u) {
        scales.v[row] = s;
        sums.v[row] = sum;
    }
}
