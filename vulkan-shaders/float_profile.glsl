// The float profile, to the bit: the GLSL twin of core/backend/float_profile.h. Everything is `precise`, and nothing but +, -,
// * and roundEven, which Vulkan promises to round correctly.
#ifndef FLOAT_PROFILE
#define FLOAT_PROFILE

float reciprocal(float x) {
    precise float y = uintBitsToFloat(0x7EF311C7u - floatBitsToUint(x));
    y = y * (2.0 - x * y);
    y = y * (2.0 - x * y);
    precise const float result = y + y * (1.0 - x * y);
    return result;
}

float inverseSquareRoot(float x) {
    precise const float half_ = 0.5 * x;
    precise float y = uintBitsToFloat(0x5F375A86u - (floatBitsToUint(x) >> 1));
    y = y * (1.5 - (half_ * y) * y);
    y = y * (1.5 - (half_ * y) * y);
    y = y * (1.5 - (half_ * y) * y);
    return y;
}

float inverseRms(float sumOfSquares, uint n, float eps) {
    precise const float meanSquare = sumOfSquares * reciprocal(float(n)) + eps;
    return inverseSquareRoot(min(meanSquare, 1e37));
}

float bitLinearInverse(float sumOfSquares, uint n, float r1) {
    precise const float squares = (sumOfSquares * r1) * r1;
    precise const float r = r1 * inverseRms(squares, n, 1e-6);
    return r;
}

float codeStep(float absmax) {
    precise const float result = max(absmax, 1e-5) * uintBitsToFloat(0x3C010204u);  // 1 / 127
    return result;
}

float codeFactor(float r, float step) {
    precise const float result = r * reciprocal(step);
    return result;
}

/// The code as a byte. 1.5 * 2^23 leaves the fraction no bits: what the low ones hold is the nearest integer, the even of two.
uint quantise(float u, float factor) {
    precise const float scaled = u * factor;
    precise const float shifted = scaled + 12582912.0;
    return floatBitsToUint(shifted) & 0xFFu;
}

/// Adds a square to a lane's sum.
float addSquare(float sum, float value) {
    precise const float next = sum + value * value;
    return next;
}

float times(float a, float b) {
    precise const float product = a * b;
    return product;
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
    return reciprocal(denominator);
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
    return abs(next) < uintBitsToFloat(1u << 23) ? 0.0 : next;
}

#endif
