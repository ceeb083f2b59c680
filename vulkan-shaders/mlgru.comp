#version 460
// The recurrence (paper, section 3.3.1): one invocation a channel walks through the tokens.
#extension GL_GOOGLE_include_directive : require
#include "buffers.glsl"
#include "float_profile.glsl"

layout(local_size_x = 64) in;

layout(push_constant, std430) uniform Push {
    Floats candidates;  // [T, width] BL_i(a); becomes i when `keepGates`
    Floats forgets;     // [T, width] BL_f(a); becomes f when `keepGates`
    Floats lowerBound;  // [width], read when `bounded`
    Floats state;       // [width] h, advanced
    Floats states;      // [T, width] out: h after each token
    uint width;
    uint tokens;
    uint bounded;
    uint keepGates;
};

void main() {
    const uint channel = gl_GlobalInvocationID.x;
    if (channel >= width) return;
    float h = state.v[channel];
    for (uint token = 0u; token < tokens; ++token) {
        const uint at = token * width + channel;
        float f = sigmoid(forgets.v[at]);
        if (bounded != 0u) f = aboveLowerBound(f, lowerBound.v[channel]);
        precise const float i = silu(candidates.v[at]) * (1.0 - f);
        h = mlgru(f, h, i);
        states.v[at] = h;
        if (keepGates != 0u) {
            forgets.v[at] = f;
            candidates.v[at] = i;
        }
    }
    state.v[channel] = h;
}
