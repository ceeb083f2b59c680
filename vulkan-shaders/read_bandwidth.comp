#version 460
// Reads a buffer once, and nothing else: the roof that decode is judged against.
#extension GL_GOOGLE_include_directive : require
#include "buffers.glsl"

layout(local_size_x = 256) in;

layout(push_constant, std430) uniform Push {
    Quads source;
    Words sink;
    uint quads;
};

void main() {
    uvec4 mixed = uvec4(0u);
    const uint stride = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
    for (uint at = gl_GlobalInvocationID.x; at < quads; at += stride) mixed ^= source.v[at];
    // Never true for the zeros that are read, which the compiler does not know.
    if ((mixed.x ^ mixed.y ^ mixed.z ^ mixed.w) == 1u) sink.v[0] = mixed.x;
}
