#version 460
// silu(u) * v -> int8 codes for down_proj. u and v are the halves of each row.
#extension GL_GOOGLE_include_directive : require
#include "quantise.glsl"

void prepare() {}

float source(uint column) {
    const uint at = gl_WorkGroupID.x * 2u * width + column;
    precise const float product = silu(x.v[at]) * x.v[at + width];
    return product;
}
