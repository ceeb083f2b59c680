#include "backend/fixed_weights.h"

#include <cmath>

namespace ternion::fixed {
namespace {

constexpr int mantissaBits = 15;

std::vector<double> widened(const std::vector<float>& weights) { return {weights.begin(), weights.end()}; }

std::vector<double> product(const std::vector<float>& a, const std::vector<float>& b) {
    std::vector<double> out = widened(a);
    for (std::size_t k = 0; k < out.size(); ++k) out[k] *= b[k];
    return out;
}

/// Fraction bits of weigh(p, w), where p has `fraction`.
int weighed(int fraction, const NormWeights& weights) { return fraction + weights.fraction - weighShift; }

/// `x` as an integer of `bits` bits times a power of two; the power is given back.
int normalised(double x, int bits, std::uint32_t& mantissa) {
    int exponent = 0;
    mantissa = static_cast<std::uint32_t>(std::nearbyint(std::ldexp(std::frexp(x, &exponent), bits)));
    if (mantissa == std::uint32_t{1} << bits) {
        mantissa >>= 1;
        ++exponent;
    }
    return exponent - bits;
}

/// `fraction` is p's, `firstFraction` that of what S1 is summed over; `eps` is of the norm before, 0 where there is none.
Norm normOf(const std::vector<float>& weights, int fraction, int firstFraction, double eps) {
    const auto n = static_cast<double>(weights.size());
    Norm norm{normWeights(widened(weights)), {}};
    const int bits = 2 * weighed(fraction, norm.weights);
    norm.epsilon.constant =
        static_cast<std::uint32_t>(std::min(std::nearbyint(std::ldexp(bitLinearEps * n * eps, bits)), 4294967295.0));
    std::uint32_t factor = 0;
    // factor * 2^exponent times S1 >> 24
    int exponent = normalised(std::ldexp(bitLinearEps, bits - 2 * firstFraction + 24), 16, factor);
    for (; exponent < -63; ++exponent) factor >>= 1;
    norm.epsilon.factor = exponent > 0 ? std::uint16_t{0xFFFF} : static_cast<std::uint16_t>(factor);
    norm.epsilon.shift = static_cast<std::uint8_t>(exponent > 0 ? 0 : -exponent);
    return norm;
}

/// A norm that is the BitLinear's own alone: t = p, of `fraction`.
Norm bareNorm(std::size_t width, int fraction) {
    const double constant = std::nearbyint(std::ldexp(bitLinearEps * static_cast<double>(width), 2 * fraction));
    return {{}, {static_cast<std::uint32_t>(std::min(constant, 4294967295.0)), 0, 0}};
}

/// `fraction` is p's.
Linear linearOf(const BitLinear& source, const std::vector<float>& before, const Norm& norm, int fraction) {
    Linear linear{&source, normWeights(before.empty() ? widened(source.norm) : product(before, source.norm)), {}};
    const int fractionT = norm.weights.mantissas.empty() ? fraction : weighed(fraction, norm.weights);
    const int difference = fractionT - weighed(fraction, linear.weights) + valueFraction;
    const double scale = source.weight.gamma() / 127.0 * std::sqrt(static_cast<double>(source.norm.size()));
    linear.scale.exponent = static_cast<std::int8_t>(-normalised(std::ldexp(scale, difference), 24, linear.scale.mantissa));
    return linear;
}

LayerWeights layerOf(const Layer& layer, double eps) {
    LayerWeights made;
    made.attention = normOf(layer.attnNorm, valueFraction, valueFraction, eps);
    made.i = linearOf(layer.i, layer.attnNorm, made.attention, valueFraction);
    made.f = linearOf(layer.f, layer.attnNorm, made.attention, valueFraction);
    made.g = linearOf(layer.g, layer.attnNorm, made.attention, valueFraction);
    made.lowerBound.reserve(layer.lowerBound.size());
    for (const float b : layer.lowerBound) made.lowerBound.push_back(fromFloat(b, gateFraction, one));
    made.output = normOf(layer.gNorm, stateFraction, valueFraction, eps);
    made.o = linearOf(layer.o, layer.gNorm, made.output, stateFraction);
    made.mlp = normOf(layer.mlpNorm, valueFraction, valueFraction, eps);
    made.gate = linearOf(layer.gate, layer.mlpNorm, made.mlp, valueFraction);
    made.glu = bareNorm(layer.down.norm.size(), valueFraction);
    made.down = linearOf(layer.down, {}, made.glu, valueFraction);
    return made;
}

}  // namespace

NormWeights normWeights(const std::vector<double>& weights) {
    NormWeights made;
    made.mantissas.resize(weights.size());
    double most = 0.0;
    for (const double w : weights) most = std::max(most, std::fabs(w));
    if (most == 0.0) return made;
    std::uint32_t mantissa = 0;
    made.fraction = -normalised(most, mantissaBits, mantissa);
    for (std::size_t k = 0; k < weights.size(); ++k)
        made.mantissas[k] = static_cast<std::int16_t>(std::nearbyint(std::ldexp(weights[k], made.fraction)));
    return made;
}

Weights Weights::of(const Model& model) {
    const double eps = model.config.rmsNormEps;
    Weights made;
    made.layers.reserve(model.layers.size());
    for (const Layer& layer : model.layers) made.layers.push_back(layerOf(layer, eps));
    made.final = normOf(model.norm, valueFraction, valueFraction, eps);
    made.head = linearOf(model.head, model.norm, made.final, valueFraction);
    return made;
}

Linear linearAlone(const BitLinear& linear, Norm& norm) {
    norm = bareNorm(linear.norm.size(), valueFraction);
    return linearOf(linear, {}, norm, valueFraction);
}

int fractionOf(TraceTensor tensor) {
    switch (tensor) {
        case TraceTensor::ForgetGate:
            return gateFraction;
        case TraceTensor::Candidate:
        case TraceTensor::State:
            return stateFraction;
        default:
            return valueFraction;
    }
}

void finalNorm(std::span<const std::int32_t> x, const Model& model, std::span<std::int32_t> out) {
    // x * w / sqrt(S / n + eps): for eyes alone, since no device makes it; its own number format's rounding and no more.
    double sum = 0.0;
    for (const std::int32_t value : x) sum += static_cast<double>(value) * value;
    const double meanSquare = std::ldexp(sum, -2 * valueFraction) / static_cast<double>(x.size());
    const double factor = 1.0 / std::sqrt(meanSquare + model.config.rmsNormEps);
    for (std::size_t k = 0; k < x.size(); ++k)
        out[k] = fromFloat(std::ldexp(x[k], -valueFraction) * model.norm[k] * factor, valueFraction);
}

}  // namespace ternion::fixed
