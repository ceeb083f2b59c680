// The front of a BitLinear: values -> RMSNorm -> absmax int8. A kernel includes this and defines
//   void prepare();               what source() needs of the whole row (called by all 256 invocations)
//   float source(uint column);    the value that BitLinear is given
// One workgroup a token (x) and projection (y). Sums of squares run in float_profile.h's 256 lanes.
#include "subgroups.glsl"
#include "buffers.glsl"
#include "code_columns.glsl"
#include "float_profile.glsl"

const uint lanes = 256u;
layout(local_size_x = 256) in;
layout(constant_id = 0) const uint shuffled = 1u;

layout(push_constant, std430) uniform Push {
    Floats x;       // [T, width]; [T, 2 width] for glu_quantise
    Floats state;   // [T, width], gate_quantise alone
    Floats weight;  // [width] of the RMSNorm before the BitLinear
    Floats values;  // [P, T, width] out: what BitLinear is given
    Floats norms;   // [P, width] the BitLinears' own norm weights
    Words codes;    // [P, T, codeQuads(width) * 4] out: int8 codes, four a word, zero past width
    Floats scales;  // [P, T] out: s
    Ints sums;      // [P, T] out: sum of the codes
    uint width;
    uint tokens;
    float eps;  // of the RMSNorm before
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
    for (uint k = gl_LocalInvocationID.x; k < width; k += lanes)
        squares = addSquare(squares, x.v[gl_WorkGroupID.x * width + k]);
    return inverseRms(sumOverLanes(squares), width, eps);
}

void prepare();
float source(uint column);

void main() {
    const uint lane = gl_LocalInvocationID.x;
    const uint row = gl_WorkGroupID.y * tokens + gl_WorkGroupID.x;
    const uint norm = gl_WorkGroupID.y * width;
    prepare();

    float squares = 0.0;
    for (uint k = lane; k < width; k += lanes) {
        const float value = source(k);
        values.v[row * width + k] = value;
        squares = addSquare(squares, value);
    }
    const float r = inverseRms(sumOverLanes(squares), width, bitLinearEps);

    float largest = 0.0;
    for (uint k = lane; k < width; k += lanes)
        largest = max(largest, abs(normalise(values.v[row * width + k], r, norms.v[norm + k])));
    const float s = quantisationScale(maxOverLanes(largest));

    // From here an invocation packs four neighbouring columns, which others of the workgroup have written.
    memoryBarrierBuffer();
    barrier();
    const uint words = codeQuads(width) * 4u;
    int sum = 0;
    for (uint word = lane; word < words; word += lanes) {
        uint packed = 0u;
        for (uint byte = 0u; byte < 4u; ++byte) {
            const uint k = 4u * word + byte;
            if (k >= width) break;
            const int code = quantise(normalise(values.v[row * width + k], r, norms.v[norm + k]), s);
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
