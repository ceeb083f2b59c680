#version 460
// The recurrence in the fixed profile: one invocation a channel walks through the tokens. Every gate is left in memory.
#extension GL_GOOGLE_include_directive : require
#include "buffers.glsl"
#include "fixed_profile.glsl"
#include "fixed_edits.glsl"

layout(local_size_x = 32) in;

layout(push_constant, std430) uniform Push {
    Ints candidates;  // [T, width] BL_i(a); i out
    Ints forgets;     // [T, width] BL_f(a); f out
    Ints lowerBound;  // [width], when `bounded`
    Ints state;       // [width] h before the first token; after the last one out
    Ints states;      // [T, width] h after each token, out
    Ints table;       // the sigmoid's
    Edits edits;
    uvec2 forgetRange, candidateRange, stateRange;  // the entries of `edits` that are of each
    uint width;
    uint tokens;
    uint bounded;
};

void main() {
    const uint channel = gl_GlobalInvocationID.x;
    if (channel >= width) return;
    const int bound = bounded != 0u ? lowerBound.v[channel] : 0;
    int h = state.v[channel];
    for (uint at = channel; at < tokens * width; at += width) {
        int f = forgetGate(table, forgets.v[at], bound);
        f = editedFixed(edits, forgetRange.x, forgetRange.y, channel, f, gateFraction);
        int i = candidate(table, candidates.v[at], f);
        i = editedFixed(edits, candidateRange.x, candidateRange.y, channel, i, stateFraction);
        h = nextState(decayed(f, h), i);
        h = editedFixed(edits, stateRange.x, stateRange.y, channel, h, stateFraction);
        forgets.v[at] = f;
        candidates.v[at] = i;
        states.v[at] = h;
    }
    state.v[channel] = h;
}
