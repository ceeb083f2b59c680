#version 460
// silu(u) * v by itself, where it is looked at or edited before it is quantised.
#extension GL_GOOGLE_include_directive : require
#include "buffers.glsl"
#include "float_profile.glsl"

layout(local_size_x = 64) in;

layout(push_constant, std430) uniform Push {
    Floats uv;   // [T, 2 width]
    Floats out_;  // [T, width]
    uint width;
};

void main() {
    const uint channel = gl_GlobalInvocationID.x, token = gl_WorkGroupID.y;
    if (channel >= width) return;
    const uint at = token * 2u * width + channel;
    out_.v[token * width + channel] = times(silu(uv.v[at]), uv.v[at + width]);
}
