#version 460
// An intervention in the fixed profile: edits an intermediate in place.
#extension GL_GOOGLE_include_directive : require
#include "buffers.glsl"
#include "fixed_profile.glsl"
#include "fixed_edits.glsl"

layout(local_size_x = 64) in;

layout(push_constant, std430) uniform Push {
    Ints values;  // [T, width]
    Edits edits;
    uint begin;  // the entries of `edits` from this one
    uint end;    // to before this one
    uint width;
    int fraction;
};

void main() {
    const uint channel = gl_GlobalInvocationID.x;
    if (channel >= width) return;
    const uint at = gl_WorkGroupID.y * width + channel;
    values.v[at] = editedFixed(edits, begin, end, channel, values.v[at], fraction);
}
