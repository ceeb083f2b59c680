#version 460
// x -> RMSNorm -> int8 codes for one or more BitLinears: the front of i, f and g, of gate_proj, and of the head.
#extension GL_GOOGLE_include_directive : require
#include "quantise.glsl"

bool normed() { return true; }

float normedValue(uint column) { return x.v[gl_WorkGroupID.x * width + column]; }

float weighed(uint column) { return times(normedValue(column), weight.v[column]); }

void keep(uint column, float t) {}

vec4 again(uint column) { return times(four(x, gl_WorkGroupID.x, column), four(weight, 0u, column)); }
