// The float profile, to the bit: the GLSL twin of core/backend/float_profile.h. Everything is `precise`.
//
// Vulkan promises correctly rounded +, - and * only; division and square root may be off by some units in the last place. So
// those two start from the device's own answer and put it right with exact integer arithmetic on the mantissas. They do so
// without branches: decode waits for a dozen of them in a row.
#ifndef FLOAT_PROFILE
#define FLOAT_PROFILE

const uint mantissaOne = 1u << 23;  // the mantissa of 1.0
const uint bitsOfOne = 127u << 23;

uint mantissa(uint bits) { return (bits & (mantissaOne - 1u)) | mantissaOne; }
bool isNormal(uint bits) { return bits - mantissaOne < 0x7F000000u; }  // and positive

/// The nearest integer, the even one of two, of a number that is not large.
int nearest(float x) {
    precise const float shifted = x + 12582912.0;  // 1.5 * 2^23: the fraction has no bits left
    return floatBitsToInt(shifted) - 0x4B400000;
}

/// a / b, correctly rounded, for a >= 0, b > 0.
float divide(float a, float b) {
    const uint ua = floatBitsToUint(a), ub = floatBitsToUint(b);
    const uint ma = mantissa(ua), mb = mantissa(ub);
    const uint below = uint(ma < mb);
    const uint exponent = (ua >> 23) - (ub >> 23) + 127u - below;
    const float inverse = 1.0 / uintBitsToFloat(mb - mantissaOne + bitsOfOne);
    // q nears ma * 2^(23 + below) / mb, in [2^23, 2^24]; the remainder is small, so that its low 32 bits are all of it.
    uint q = floatBitsToUint(uintBitsToFloat(ma - mantissaOne + bitsOfOne + below * mantissaOne) * inverse) -
             (bitsOfOne - mantissaOne);
    int remainder = int((ma << (23u + below)) - q * mb);
    const int correction = nearest(float(remainder) * uintBitsToFloat(bitsOfOne - 23u * mantissaOne) * inverse);
    q += uint(correction);
    remainder -= correction * int(mb);
    q += uint(int(2 * remainder > int(mb)) - int(2 * remainder < -int(mb)));
    const float quotient = uintBitsToFloat((exponent << 23) + (q - mantissaOne));
    return isNormal(ua) && isNormal(ub) && exponent - 1u < 253u ? quotient : isNormal(ub) ? a : 0.0;  // of 0 or infinity
}

/// sqrt(x), correctly rounded, for x >= 0.
float squareRoot(float x) {
    const uint bits = floatBitsToUint(x);
    const uint odd = ~(bits >> 23) & 1u;  // the exponent less its bias is
    const uint m = mantissa(bits) << odd;
    const float f = uintBitsToFloat(mantissa(bits) - mantissaOne + bitsOfOne + odd * mantissaOne);  // in [1, 4)
    const float inverse = inversesqrt(f);
    // q nears sqrt(m * 2^23), in [2^23, 2^24).
    uint q = floatBitsToUint(f * inverse) - (bitsOfOne - mantissaOne);
    int remainder = int((m << 23) - q * q);
    const int correction = nearest(float(remainder) * uintBitsToFloat(bitsOfOne - 24u * mantissaOne) * inverse);
    remainder -= correction * (2 * int(q) + correction);
    q += uint(correction);
    q += uint(int(remainder > int(q)) - int(remainder <= -int(q)));
    const float root = uintBitsToFloat((((bits >> 23) + 127u - odd) >> 1 << 23) + (q - mantissaOne));
    return isNormal(bits) ? root : x;  // 0, infinity
}

/// The same for a count, which often is a power of two.
float divideByCount(float sum, uint count) {
    if ((count & (count - 1u)) != 0u) return divide(sum, float(count));
    precise const float quotient = sum * uintBitsToFloat(bitsOfOne - uint(findMSB(count)) * mantissaOne);
    return quotient;
}

float inverseRms(float sumOfSquares, uint count, float eps) {
    precise const float meanSquare = divideByCount(sumOfSquares, count) + eps;
    return divide(1.0, squareRoot(meanSquare));
}

float quantisationScale(float absmax) { return divide(127.0, max(absmax, 1e-5)); }

int quantise(float n, float s) {
    precise const float scaled = n * s;
    return nearest(clamp(scaled, -128.0, 127.0));
}

float exponential(float x) {
    precise float p = clamp(x, -80.0, 80.0);
    precise const float n = roundEven(p * 1.44269504);
    precise const float r = (p - n * 0.693359375) - n * -2.12194440e-4;
    p = 1.9875691500e-4;
    p = p * r + 1.3981999507e-3;
    p = p * r + 8.3334519073e-3;
    p = p * r + 4.1665795894e-2;
    p = p * r + 1.6666665459e-1;
    p = p * r + 5.0000001201e-1;
    p = p * (r * r) + r + 1.0;
    precise const float result = p * uintBitsToFloat(uint(int(n) + 127) << 23);
    return result;
}

float sigmoid(float x) {
    precise const float denominator = 1.0 + exponential(-x);
    return divide(1.0, denominator);
}

float silu(float x) {
    precise const float result = x * sigmoid(x);
    return result;
}

float aboveLowerBound(float f, float b) {
    precise const float result = b + (1.0 - b) * f;
    return result;
}

float mlgru(float f, float h, float i) {
    precise const float next = f * h + i;
    return abs(next) < uintBitsToFloat(mantissaOne) ? 0.0 : next;
}

#endif
