#version 460
// silu(u) * v -> int8 codes for down_proj. u and v are the halves of each row; the product takes u's place.
#extension GL_GOOGLE_include_directive : require
#include "quantise.glsl"

bool normed() { return false; }

float normedValue(uint column) { return 0.0; }

float weighed(uint column) {
    const uint at = gl_WorkGroupID.x * 2u * width + column;
    return times(silu(x.v[at]), x.v[at + width]);
}

void keep(uint column, float t) { x.v[gl_WorkGroupID.x * 2u * width + column] = t; }

vec4 again(uint column) { return four(x, 2u * gl_WorkGroupID.x, column); }
