#version 460
// x -> int8 codes in the fixed profile: the front of a BitLinear alone.
#extension GL_GOOGLE_include_directive : require
#include "fixed_quantise.glsl"

bool normed() { return false; }

int normedValue(uint column) { return 0; }

int given(uint column) { return x.v[gl_WorkGroupID.x * width + column]; }

void keep(uint column, int p) {}

int again(uint column) { return given(column); }
