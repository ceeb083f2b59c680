// The float profile, to the bit: the GLSL twin of core/backend/float_profile.h. Everything is `precise`.
//
// Vulkan promises correctly rounded +, - and * only; division and square root may be off by some units in the last place. So
// those two start from the device's own answer and put it right with exact integer arithmetic on the mantissas.
#ifndef FLOAT_PROFILE
#define FLOAT_PROFILE

const uint mantissaOne = 1u << 23;  // the mantissa of 1.0

uint mantissa(uint bits) { return (bits & (mantissaOne - 1u)) | mantissaOne; }
bool isNormal(uint bits) { return bits >= mantissaOne && bits < 0x7F800000u; }  // and positive

/// a / b, correctly rounded, for a >= 0, b > 0.
float divide(float a, float b) {
    const uint ua = floatBitsToUint(a), ub = floatBitsToUint(b);
    uint ma = mantissa(ua);
    const uint mb = mantissa(ub);
    int exponent = int(ua >> 23) - int(ub >> 23) + 127;
    if (ma < mb) {
        ma <<= 1;
        --exponent;
    }
    if (!isNormal(ua) || !isNormal(ub) || exponent < 1 || exponent > 253) return a / b;  // 0, infinity
    // q nears ma * 2^23 / mb, in [2^23, 2^24]; the remainder is small, so that its low 32 bits are all of it.
    uint q = uint(float(ma) / float(mb) * float(mantissaOne) + 0.5);
    int remainder = int((ma << 23) - q * mb);
    for (int step = 0; step < 4; ++step) {
        const int direction = int(2 * remainder > int(mb)) - int(2 * remainder < -int(mb));
        q += uint(direction);
        remainder -= direction * int(mb);
    }
    return uintBitsToFloat((uint(exponent) << 23) + (q - mantissaOne));
}

/// sqrt(x), correctly rounded, for x >= 0.
float squareRoot(float x) {
    const uint bits = floatBitsToUint(x);
    if (!isNormal(bits)) return sqrt(x);  // 0, infinity
    const int exponent = int(bits >> 23) - 127;
    const uint m = mantissa(bits) << (exponent & 1);
    // q nears sqrt(m * 2^23), in [2^23, 2^24).
    uint q = uint(sqrt(float(m)) * sqrt(float(mantissaOne)) + 0.5);
    int remainder = int((m << 23) - q * q);
    for (int step = 0; step < 4; ++step) {
        const int direction = int(remainder > int(q)) - int(remainder <= -int(q));
        remainder -= direction * 2 * int(q) + abs(direction);
        q += uint(direction);
    }
    return uintBitsToFloat((uint((exponent >> 1) + 127) << 23) + (q - mantissaOne));
}

float inverseRms(float sumOfSquares, uint count, float eps) {
    precise const float meanSquare = divide(sumOfSquares, float(count)) + eps;
    return divide(1.0, squareRoot(meanSquare));
}

float quantisationScale(float absmax) { return divide(127.0, max(absmax, 1e-5)); }

int quantise(float n, float s) {
    precise const float scaled = n * s;
    return int(clamp(roundEven(scaled), -128.0, 127.0));
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
