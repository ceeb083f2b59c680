#version 460
// BitLinear's product where the device has no packed 8-bit dot product.
#extension GL_GOOGLE_include_directive : require

int dot4(uint trits, uint codes, int sum) {
    for (int byte = 0; byte < 32; byte += 8) sum += int(bitfieldExtract(trits, byte, 8)) * bitfieldExtract(int(codes), byte, 8);
    return sum;
}

#include "bit_linear.glsl"
