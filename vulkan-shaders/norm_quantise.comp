#version 460
// x -> RMSNorm -> int8 codes for one or more BitLinears: the front of i, f and g, of gate_proj, and of the head.
#extension GL_GOOGLE_include_directive : require
#include "quantise.glsl"

float inverse;

void prepare() { inverse = inverseRmsOfRow(); }

float source(uint column) { return normalise(x.v[gl_WorkGroupID.x * width + column], inverse, weight.v[column]); }

void keep(uint column, float value) {
    if (keepValues != 0u) values.v[gl_WorkGroupID.x * width + column] = value;
}

float again(uint column) { return source(column); }
