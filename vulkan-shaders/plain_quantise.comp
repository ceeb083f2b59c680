#version 460
// A BitLinear's front alone: x -> int8 codes.
#extension GL_GOOGLE_include_directive : require
#include "quantise.glsl"

void prepare() {}

float source(uint column) { return x.v[gl_WorkGroupID.x * width + column]; }

void keep(uint column, float value) {}

float again(uint column) { return source(column); }
