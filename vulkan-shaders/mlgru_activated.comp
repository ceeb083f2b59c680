#version 460
// The recurrence of many tokens whose gates bit_linear_matrix has activated. A row of invocations walks through the tokens, each its
// channel; all it waits for is its own arithmetic: the other invocations bring the next block of tokens to shared memory, and the last
// one's states from there.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "buffers.glsl"
#include "float_profile.glsl"
#include "mlgru.glsl"

const uint channels = 32u, carriers = 8u;
// Nobody specialises it, but loops of a fixed length are unrolled when SPIR-V is made (glslc -O), which forgets what is `precise`.
layout(constant_id = 1) const uint block = 32u;
layout(local_size_x = 288) in;  // channels * (1 + carriers)
const uint carried = block / carriers;  // tokens of a block that an invocation carries

shared float forget[2][block][channels], input_[2][block][channels], state_[2][block][channels];

float f[carried], i[carried];

/// A carrier's tokens of the block from token `first` on.
void read(uint first, uint token, uint channel) {
    [[unroll]] for (uint t = 0u; t < carried; ++t) {
        const uint at = min(first + token + t * carriers, tokens - 1u) * width + channel;
        f[t] = forgets.v[at];
        i[t] = candidates.v[at];
    }
}

void write(uint first, uint token, uint channel) {
    const uint to = first / block % 2u;
    [[unroll]] for (uint t = 0u; t < carried; ++t) {
        const uint here = token + t * carriers;
        const bool inside = first + here < tokens;  // past the end h stays as it is: 1 * h + 0
        const float in_ = inputOf(i[t], f[t]);
        forget[to][here][gl_LocalInvocationID.x % channels] = inside ? f[t] : 1.0;
        input_[to][here][gl_LocalInvocationID.x % channels] = inside ? in_ : 0.0;
        if (keepGates && inside) candidates.v[(first + here) * width + channel] = in_;
    }
}

void keep(uint first, uint token, uint channel) {
    [[unroll]] for (uint t = 0u; t < carried; ++t) {
        const uint here = token + t * carriers;
        if (first + here < tokens)
            states.v[(first + here) * width + channel] = state_[first / block % 2u][here][gl_LocalInvocationID.x % channels];
    }
}

/// Through the block in half `at` of shared memory.
float walk(float h, uint at) {
    const uint lane = gl_LocalInvocationID.x;
    [[unroll]] for (uint t = 0u; t < block; ++t) {
        h = mlgru(forget[at][t][lane], h, input_[at][t][lane]);
        state_[at][t][lane] = h;
    }
    return h;
}

void main() {
    const bool walks = gl_LocalInvocationID.x < channels;
    const uint channel = gl_WorkGroupID.x * channels + gl_LocalInvocationID.x % channels;
    const uint here = min(channel, width - 1u);
    const uint token = gl_LocalInvocationID.x / channels - 1u;
    float h = state.v[here];
    if (!walks) read(0u, token, here);
    for (uint first = 0u; first < tokens + 2u * block; first += block) {
        if (walks) {
            if (first >= block && first - block < tokens) h = walk(h, (first / block - 1u) % 2u);
        } else {
            if (first < tokens) write(first, token, here);
            if (first + block < tokens) read(first + block, token, here);
            if (first >= 2u * block && channel < width) keep(first - 2u * block, token, channel);
        }
        barrier();
    }
    if (walks && channel < width) state.v[channel] = h;
}
