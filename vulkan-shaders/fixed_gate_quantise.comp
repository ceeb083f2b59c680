#version 460
// norm(g) * silu(h) -> int8 codes for o_proj in the fixed profile. The product takes g's place.
#extension GL_GOOGLE_include_directive : require
#include "fixed_quantise.glsl"

bool normed() { return true; }

int normedValue(uint column) { return x.v[gl_WorkGroupID.x * width + column]; }

int given(uint column) { return gated(table, normedValue(column), state.v[gl_WorkGroupID.x * width + column]); }

void keep(uint column, int p) { x.v[gl_WorkGroupID.x * width + column] = p; }

int again(uint column) { return x.v[gl_WorkGroupID.x * width + column]; }
