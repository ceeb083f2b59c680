#version 460
// silu(u) * v -> int8 codes for down_proj in the fixed profile. The product is left behind u and v.
#extension GL_GOOGLE_include_directive : require
#include "fixed_quantise.glsl"

bool normed() { return false; }

int normedValue(uint column) { return 0; }

int given(uint column) {
    const uint u = gl_WorkGroupID.x * 2u * width + column;
    return editedFixed(edits, range.x, range.y, column, glu(table, x.v[u], x.v[u + width]), valueFraction);
}

uint keptAt(uint column) { return (tokens * 2u + gl_WorkGroupID.x) * width + column; }

void keep(uint column, int p) { x.v[keptAt(column)] = p; }

int again(uint column) { return x.v[keptAt(column)]; }
