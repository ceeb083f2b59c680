#version 460
// silu(u) * v -> int8 codes for down_proj. u and v are the halves of each row; the product takes u's place.
#extension GL_GOOGLE_include_directive : require
#include "quantise.glsl"

void prepare() {}

float source(uint column) {
    const uint at = gl_WorkGroupID.x * 2u * width + column;
    precise const float product = silu(x.v[at]) * x.v[at + width];
    return product;
}

void keep(uint column, float value) { x.v[gl_WorkGroupID.x * 2u * width + column] = value; }

float again(uint column) { return x.v[gl_WorkGroupID.x * 2u * width + column]; }
