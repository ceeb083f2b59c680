// The fixed profile in GLSL: the twin of core/backend/fixed_profile.h, function for function. To change one is to change the other.
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require

const int valueFraction = 14;
const int gateFraction = 24;
const int stateFraction = 18;
const int weighShift = 12;
const int largest = 0x7FFFFFFF;
const int largestState = 1 << 24;
const int one = 1 << gateFraction;

int saturate(int64_t x, int limit) { return int(clamp(x, -int64_t(limit), int64_t(limit))); }
int64_t shifted(int64_t x, int shift) { return (x + (int64_t(1) << (shift - 1))) >> shift; }
int product(int a, int b, int shift) { return saturate(shifted(int64_t(a) * int64_t(b), shift), largest); }
/// Of sums of squares, the low half first: NVIDIA's driver 580 loses the high half of the 64-bit ones.
uvec2 sum(uvec2 a, uvec2 b) {
    uint carry, over, again;
    const uint low = uaddCarry(a.x, b.x, carry);
    const uint high = uaddCarry(uaddCarry(a.y, b.y, over), carry, again);
    return (over | again) != 0u ? uvec2(~0u) : uvec2(low, high);
}
uvec2 square(int a) {
    uvec2 made;
    umulExtended(uint(abs(a)), uint(abs(a)), made.y, made.x);
    return made;
}
int add(int a, int b) { return saturate(int64_t(a) + int64_t(b), largest); }

// ---- Gates. `table` is sigmoidTable() ----

int sigmoid(Ints table, int x) {
    const int stepBits = valueFraction - 6;
    const int distance = min(abs(x), (16 << valueFraction) - 1);
    const int entry = distance >> stepBits;
    const int within = distance & ((1 << stepBits) - 1);
    const int low = table.v[entry];
    const int positive = low + (((table.v[entry + 1] - low) * within + (1 << (stepBits - 1))) >> stepBits);
    return x < 0 ? one - positive : positive;
}

int forgetGate(Ints table, int y, int b) { return b + product(one - b, sigmoid(table, y), gateFraction); }
int candidate(Ints table, int y, int f) {
    const int silu = product(y, sigmoid(table, y), gateFraction + valueFraction - stateFraction);
    return saturate(shifted(int64_t(silu) * int64_t(one - f), gateFraction), largestState);
}
int decayed(int f, int h) { return product(f, h, gateFraction); }
int nextState(int decayed_, int i) { return saturate(int64_t(decayed_) + int64_t(i), largestState); }
int gated(Ints table, int g, int h) {
    const int silu = product(h, sigmoid(table, h >> (stateFraction - valueFraction)), gateFraction);
    return product(g, silu, valueFraction);
}
int glu(Ints table, int u, int v) {
    return product(product(u, sigmoid(table, u), gateFraction), v, valueFraction);
}

// ---- Norms and codes ----

int weigh(int p, int w) { return product(p, w, weighShift); }

struct Epsilon {
    uint constant, factor, shift;
};
uvec2 withEpsilon(uvec2 s, uvec2 first, Epsilon epsilon) {
    const uint64_t more = ((packUint2x32(first) >> 24) * uint64_t(epsilon.factor)) >> epsilon.shift;
    return sum(sum(s, uvec2(epsilon.constant, 0u)), unpackUint2x32(more));
}

uint squareRoot(uint64_t x) {
    uint64_t root = uint64_t(0), rest = x;
    for (int at = 62; at >= 0; at -= 2) {
        const uint64_t bit = uint64_t(1) << at;
        const bool taken = rest >= root + bit;
        if (taken) rest -= root + bit;
        root >>= 1;
        if (taken) root += bit;
    }
    return uint(root);
}

struct Root {
    uint root;
    int shift;
};
Root rootOf(uvec2 s) {
    if (s == uvec2(0u)) return Root(0u, 0);
    const int shift = (s.y != 0u ? 31 - findMSB(s.y) : 63 - findMSB(s.x)) / 2;
    return Root(squareRoot(packUint2x32(s) << (2 * shift)), shift);
}

struct Scale {
    uint mantissa;
    int exponent;
};
struct CodeScale {
    int drop;
    uint reciprocal, multiplier;
    int shift;
};
CodeScale codeScale(int largestU, Root root, Scale scale) {
    CodeScale made = CodeScale(0, 0u, 0u, 1);
    if (largestU == 0) return made;
    made.drop = findMSB(largestU) - 23;
    const uint64_t first = uint64_t(made.drop >= 0 ? largestU >> made.drop : largestU << -made.drop);
    made.reciprocal = uint((uint64_t(127) << 40) / first);
    if (root.root == 0u) return made;
    made.multiplier = uint(((first * uint64_t(scale.mantissa)) << 15) / uint64_t(root.root));
    made.shift = clamp(15 - made.drop + scale.exponent - root.shift, 1, 62);
    return made;
}
/// |u| is at most codeScale()'s largest, so that its first bits are 24 at most.
int code(int u, CodeScale scale) {
    const int first = scale.drop >= 0 ? u >> scale.drop : u << -scale.drop;
    return int(clamp(shifted(int64_t(first) * int64_t(scale.reciprocal), 40), int64_t(-127), int64_t(127)));
}
int rescale(int accumulator, uint multiplier, int shift) {
    return saturate(shifted(int64_t(accumulator) * int64_t(multiplier), shift), largest);
}

// ---- In and out, in integers: conversions in GLSL round as the device likes ----

/// x / 2^shift, halves to even.
uint toNearest(uint x, int shift) {
    if (shift == 0) return x;
    const uint whole = x >> shift, rest = x & ((1u << shift) - 1u), half_ = 1u << (shift - 1);
    return whole + uint(rest > half_ || (rest == half_ && (whole & 1u) != 0u));
}
int fromFloat(float x, int fraction) {
    const uint bits = floatBitsToUint(x);
    const int exponent = int(bits >> 23u & 0xFFu);
    const uint mantissa = bits & 0x7FFFFFu;
    if (exponent == 255 && mantissa != 0u) return 0;
    const int shift = exponent - 150 + fraction;
    int made = 0;  // a mantissa that is dropped whole, a subnormal too
    if (shift > 7)
        made = largest;
    else if (shift >= 0)
        made = int((mantissa | 0x800000u) << shift);
    else if (shift >= -24)
        made = int(toNearest(mantissa | 0x800000u, -shift));
    return (bits >> 31u) != 0u ? -made : made;
}
float toFloat(int x, int fraction) {
    const uint distance = uint(abs(x));
    const int drop = max(findMSB(distance) - 23, 0);
    precise const float made = float(toNearest(distance, drop) << drop) * uintBitsToFloat(uint(127 - fraction) << 23u);
    return x < 0 ? -made : made;
}
