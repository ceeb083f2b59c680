#version 460
// The recurrence (paper, section 3.3.1): one invocation a channel walks through the tokens.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "buffers.glsl"
#include "float_profile.glsl"

layout(local_size_x = 32) in;
layout(constant_id = 0) const bool activated = false;  // by the product before (bit_linear_matrix)
layout(constant_id = 2) const bool keepGates = false;
layout(constant_id = 1) const uint ahead = 1u;         // tokens whose gates are read while as many before them are worked on

layout(push_constant, std430) uniform Push {
    Floats candidates;  // [T, width] BL_i(a), or its silu when `activated`; becomes i when `keepGates`
    Floats forgets;     // [T, width] BL_f(a), or f; becomes f when `keepGates`
    Floats lowerBound;  // [width], read when `bounded`
    Floats state;       // [width] h, advanced
    Floats states;      // [T, width] out: h after each token; may be where `forgets` is unless `keepGates`
    uint width;
    uint tokens;
    uint bounded;
};

float candidate[ahead], forget[ahead];

void read(uint first, uint channel) {
    [[unroll]] for (uint t = 0u; t < ahead; ++t) {
        const uint at = min(first + t, tokens - 1u) * width + channel;
        candidate[t] = candidates.v[at];
        forget[t] = forgets.v[at];
    }
}

void main() {
    const uint channel = gl_GlobalInvocationID.x;
    if (channel >= width) return;
    const float bound = bounded != 0u ? lowerBound.v[channel] : 0.0;
    float h = state.v[channel];
    read(0u, channel);
    for (uint first = 0u; first < tokens; first += ahead) {
        float candidateNow[ahead], forgetNow[ahead];
        [[unroll]] for (uint t = 0u; t < ahead; ++t) {
            candidateNow[t] = candidate[t];
            forgetNow[t] = forget[t];
        }
        if (first + ahead < tokens) read(first + ahead, channel);
        [[unroll]] for (uint t = 0u; t < ahead; ++t) {
            if (first + t >= tokens) break;
            const uint at = (first + t) * width + channel;
            float f = forgetNow[t];
            if (!activated) f = sigmoid(f);
            if (!activated && bounded != 0u) f = aboveLowerBound(f, bound);
            precise const float i = (activated ? candidateNow[t] : silu(candidateNow[t])) * (1.0 - f);
            h = mlgru(f, h, i);
            states.v[at] = h;
            if (keepGates) {
                forgets.v[at] = f;
                candidates.v[at] = i;
            }
        }
    }
    state.v[channel] = h;
}
