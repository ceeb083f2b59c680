// What the recurrence's kernels are given.
layout(constant_id = 0) const bool keepGates = false;

layout(push_constant, std430) uniform Push {
    Floats candidates;  // [T, width] BL_i(a), or its silu where the product activates it; becomes i when `keepGates`
    Floats forgets;     // [T, width] BL_f(a), or f likewise; becomes f when `keepGates`
    Floats lowerBound;  // [width], read when `bounded`
    Floats state;       // [width] h, advanced
    Floats states;      // [T, width] out: h after each token; may be where `forgets` is unless `keepGates`
    uint width;
    uint tokens;
    uint bounded;
};

float inputOf(float candidate, float f) {
    precise const float i = candidate * (1.0 - f);
    return i;
}
