#version 460
// Decode in one dispatch where the device has no packed 8-bit dot product.
#pragma use_vulkan_memory_model
#extension GL_GOOGLE_include_directive : require

int dot4(uint trits, uint codes, int sum) {
    for (int byte = 0; byte < 32; byte += 8) sum += int(bitfieldExtract(trits, byte, 8)) * bitfieldExtract(int(codes), byte, 8);
    return sum;
}

#include "decode_token.glsl"
