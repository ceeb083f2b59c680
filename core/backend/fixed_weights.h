// A model's norms, bounds and scales as the fixed profile wants them: made once, the same for every device.
#pragma once

#include <cstdint>
#include <vector>

#include "backend/fixed_profile.h"
#include "backend/trace.h"
#include "model/model.h"

namespace ternion::fixed {

/// A norm's weights, mantissa * 2^-fraction. The largest has 15 bits.
struct NormWeights {
    std::vector<std::int16_t> mantissas;
    int fraction = 0;
};
NormWeights normWeights(const std::vector<double>& weights);

/// What a BitLinear needs besides its trits.
struct Linear {
    const BitLinear* source = nullptr;
    NormWeights weights;  ///< `[in]` w * g
    Scale scale;
};

/// A norm and the BitLinears that are given what it makes.
struct Norm {
    NormWeights weights;  ///< `[in]` w of the norm before; empty: there is none, t = p
    Epsilon epsilon;
};

struct LayerWeights {
    Norm attention;  ///< of i, f and g
    Linear i, f, g;
    std::vector<std::int32_t> lowerBound;  ///< `[S]` gates; empty where the layer has none
    Norm output;                           ///< of o; S1 is that of g
    Linear o;
    Norm mlp;
    Linear gate;
    Norm glu;  ///< of down; it has no norm before
    Linear down;
};

/// Keeps pointers into the model, which must outlive it.
struct Weights {
    std::vector<LayerWeights> layers;
    Norm final;
    Linear head;
    static Weights of(const Model& model);
};

/// A BitLinear that stands alone, its input a value.
Linear linearAlone(const BitLinear& linear, Norm& norm);

/// Fraction bits of what a trace shows of a pass.
int fractionOf(TraceTensor tensor);

/// The final norm's output as a trace shows it, made on the host, since no device makes it: `x` and `out` are `[D]` values.
void finalNorm(std::span<const std::int32_t> x, const Model& model, std::span<std::int32_t> out);

}  // namespace ternion::fixed
