#version 460
// The recurrence with an intervention on f, i or h: mlgru, each value edited as it is made. f and i are kept.
#extension GL_GOOGLE_include_directive : require
#include "buffers.glsl"
#include "edits.glsl"
#include "float_profile.glsl"

layout(local_size_x = 32) in;

layout(push_constant, std430) uniform Push {
    Floats candidates;  // [T, width] BL_i(a), becomes i
    Floats forgets;     // [T, width] BL_f(a), becomes f
    Floats lowerBound;  // [width], read when `bounded`
    Floats state;       // [width] h, advanced
    Floats states;      // [T, width] out: h after each token
    Edits edits;
    uint forgetBegin, forgetEnd;  // the entries for f
    uint candidateBegin, candidateEnd;
    uint stateBegin, stateEnd;
    uint width;
    uint tokens;
    uint bounded;
};

void main() {
    const uint channel = gl_GlobalInvocationID.x;
    if (channel >= width) return;
    const float bound = bounded != 0u ? lowerBound.v[channel] : 0.0;
    float h = state.v[channel];
    for (uint at = channel; at < tokens * width; at += width) {
        float f = sigmoid(forgets.v[at]);
        if (bounded != 0u) f = aboveLowerBound(f, bound);
        f = edited(edits, forgetBegin, forgetEnd, channel, f);
        precise const float input_ = silu(candidates.v[at]) * (1.0 - f);
        const float i = edited(edits, candidateBegin, candidateEnd, channel, input_);
        h = edited(edits, stateBegin, stateEnd, channel, mlgru(f, h, i));
        states.v[at] = h;
        forgets.v[at] = f;
        candidates.v[at] = i;
    }
    state.v[channel] = h;
}
