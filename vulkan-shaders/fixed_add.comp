#version 460
// A residual connection of the fixed profile by itself, where what is added is looked at or edited before.
#extension GL_GOOGLE_include_directive : require
#include "buffers.glsl"
#include "fixed_profile.glsl"

layout(local_size_x = 64) in;

layout(push_constant, std430) uniform Push {
    Ints x;  // [T, width]
    Ints y;  // [T, width]
    uint width;
};

void main() {
    const uint channel = gl_GlobalInvocationID.x;
    if (channel >= width) return;
    const uint at = gl_WorkGroupID.y * width + channel;
    x.v[at] = add(x.v[at], y.v[at]);
}
