#version 460
// A BitLinear's front alone: x -> int8 codes.
#extension GL_GOOGLE_include_directive : require
#include "quantise.glsl"

bool normed() { return false; }

float normedValue(uint column) { return 0.0; }

float weighed(uint column) { return x.v[gl_WorkGroupID.x * width + column]; }

void keep(uint column, float t) {}

vec4 again(uint column) { return four(x, gl_WorkGroupID.x, column); }
