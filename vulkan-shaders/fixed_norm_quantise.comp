#version 460
// x -> norm -> int8 codes for one or more BitLinears in the fixed profile: the front of i, f and g, of gate_proj, and of the head.
#extension GL_GOOGLE_include_directive : require
#include "fixed_quantise.glsl"

bool normed() { return true; }

int normedValue(uint column) { return x.v[gl_WorkGroupID.x * width + column]; }

int given(uint column) { return normedValue(column); }

void keep(uint column, int p) {}

int again(uint column) { return normedValue(column); }
