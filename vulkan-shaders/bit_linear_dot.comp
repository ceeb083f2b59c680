#version 460
// BitLinear's product with packed 8-bit dot products (SPV_KHR_integer_dot_product), which this GLSL has no spelling for.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_spirv_intrinsics : require

spirv_instruction(extensions = ["SPV_KHR_integer_dot_product"], capabilities = [6018, 6019], id = 4450)
int dotPacked(int a, int b, spirv_literal int format);

struct Factors {
    ivec4 codes;
};

Factors factors(uvec4 codes) { return Factors(ivec4(codes)); }

int product(uvec4 trits, Factors four, int sum) {
    for (int k = 0; k < 4; ++k) sum += dotPacked(int(trits[k]), four.codes[k], 0);
    return sum;
}

int whole(int sum) { return sum; }

#include "bit_linear.glsl"
