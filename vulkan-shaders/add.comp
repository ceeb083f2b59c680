#version 460
// A residual connection by itself, where what is added is looked at or edited before.
#extension GL_GOOGLE_include_directive : require
#include "buffers.glsl"

layout(local_size_x = 64) in;

layout(push_constant, std430) uniform Push {
    Floats x;  // [T, width]
    Floats y;  // [T, width]
    uint width;
};

void main() {
    const uint channel = gl_GlobalInvocationID.x;
    if (channel >= width) return;
    const uint at = gl_WorkGroupID.y * width + channel;
    precise const float sum = x.v[at] + y.v[at];
    x.v[at] = sum;
}
