#version 460
// BitLinear's product where the device has no fast packed 8-bit dot product: two products of bytes in one multiplication.
//
// (t0 + 2^16 t1) (q1 + 2^16 q0) = t0 q1 + 2^16 (t0 q0 + t1 q1) modulo 2^32, for codes t of 0..2 and q of int8. One quad of weights adds
// up to 40 of these, so that neither half leaves 16 bits; whole() takes the upper half, to which a negative lower one has lent.
#extension GL_GOOGLE_include_directive : require

struct Factors {
    ivec4 even, odd;  // bytes 2 and 0, 3 and 1 of each word, as 16-bit halves
};

Factors factors(uvec4 codes) {
    return Factors((ivec4(codes << 24u) >> 8) + (ivec4(codes << 8u) >> 24),
                   ((ivec4(codes << 16u) >> 24) << 16) + (ivec4(codes) >> 24));
}

int product(uvec4 trits, Factors codes, int sum) {
    const ivec4 both = ivec4(trits & 0x00030003u) * codes.even + ivec4((trits >> 8u) & 0x00030003u) * codes.odd;
    return sum + ((both.x + both.y) + (both.z + both.w));
}

int whole(int sum) { return (sum + 0x8000) >> 16; }

#include "bit_linear.glsl"
