#version 460
// An intervention: edits an intermediate in place.
#extension GL_GOOGLE_include_directive : require
#include "buffers.glsl"
#include "edits.glsl"

layout(local_size_x = 64) in;

layout(push_constant, std430) uniform Push {
    Floats values;  // [T, width]
    Edits edits;
    uint begin;  // the entries of `edits` from this one
    uint end;    // to before this one
    uint width;
};

void main() {
    const uint channel = gl_GlobalInvocationID.x;
    if (channel >= width) return;
    const uint at = gl_WorkGroupID.y * width + channel;
    values.v[at] = edited(edits, begin, end, channel, values.v[at]);
}
