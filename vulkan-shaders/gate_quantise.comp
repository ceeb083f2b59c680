#version 460
// RMSNorm(g) * silu(h) -> int8 codes for o_proj. The norm is on the gate projection, the swish on the state.
// The product takes g's place.
#extension GL_GOOGLE_include_directive : require
#include "quantise.glsl"

float inverse;

void prepare() { inverse = inverseRmsOfRow(); }

float source(uint column) {
    const uint at = gl_WorkGroupID.x * width + column;
    precise const float gated = normalise(x.v[at], inverse, weight.v[column]) * silu(state.v[at]);
    return gated;
}

void keep(uint column, float value) { x.v[gl_WorkGroupID.x * width + column] = value; }

float again(uint column) { return x.v[gl_WorkGroupID.x * width + column]; }
