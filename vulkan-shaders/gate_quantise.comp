#version 460
// RMSNorm(g) * silu(h) -> int8 codes for o_proj. The norm is on the gate projection, the swish on the state.
// The product takes g's place.
#extension GL_GOOGLE_include_directive : require
#include "quantise.glsl"

bool normed() { return true; }

float normedValue(uint column) { return x.v[gl_WorkGroupID.x * width + column]; }

float weighed(uint column) {
    precise const float gated =
        silu(state.v[gl_WorkGroupID.x * width + column]) * (normedValue(column) * weight.v[column]);
    return gated;
}

void keep(uint column, float t) { x.v[gl_WorkGroupID.x * width + column] = t; }

vec4 again(uint column) { return four(x, gl_WorkGroupID.x, column); }
