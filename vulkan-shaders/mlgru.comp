#version 460
// The recurrence (paper, section 3.3.1): one invocation a channel walks through the tokens.
#extension GL_GOOGLE_include_directive : require
#include "buffers.glsl"
#include "float_profile.glsl"
#include "mlgru.glsl"

layout(local_size_x = 32) in;

void main() {
    const uint channel = gl_GlobalInvocationID.x;
    if (channel >= width) return;
    const float bound = bounded != 0u ? lowerBound.v[channel] : 0.0;
    float h = state.v[channel];
    for (uint at = channel; at < tokens * width; at += width) {
        float f = sigmoid(forgets.v[at]);
        if (bounded != 0u) f = aboveLowerBound(f, bound);
        const float i = inputOf(silu(candidates.v[at]), f);
        h = mlgru(f, h, i);
        states.v[at] = h;
        if (keepGates) {
            forgets.v[at] = f;
            candidates.v[at] = i;
        }
    }
    state.v[channel] = h;
}
