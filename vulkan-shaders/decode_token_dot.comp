#version 460
// Decode in one dispatch with packed 8-bit dot products (SPV_KHR_integer_dot_product), which this GLSL has no spelling for.
#pragma use_vulkan_memory_model
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_spirv_intrinsics : require

spirv_instruction(extensions = ["SPV_KHR_integer_dot_product"], capabilities = [6018, 6019], id = 4452)
int dotPacked(int signed_, uint unsigned_, spirv_literal int format);

int dot4(uint trits, uint codes, int sum) { return sum + dotPacked(int(codes), trits, 0); }

#include "decode_token.glsl"
