#include "inspect/quantisation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "backend/float_profile.h"

namespace ternion {
namespace {

constexpr std::array<std::string_view, projections> names{"i_proj",    "f_proj",    "g_proj", "o_proj",
                                                          "gate_proj", "down_proj", "lm_head"};

void weigh(std::span<const float> x, const std::vector<float>& weights, std::vector<float>& t) {
    for (std::size_t k = 0; k < x.size(); ++k) t[k] = x[k] * weights[k];
}

}  // namespace

std::string_view nameOf(Projection projection) { return names[static_cast<std::size_t>(projection)]; }

std::optional<Projection> projectionNamed(std::string_view name) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<Projection>(found - names.begin());
}

std::vector<Projection> projectionsOf(int layer, const ModelConfig& config) {
    std::vector<Projection> all;
    for (int k = 0; k < projections; ++k)
        if (const auto projection = static_cast<Projection>(k); projection != Projection::Head || layer == config.numLayers - 1)
            all.push_back(projection);
    return all;
}

const BitLinear& bitLinearOf(const Model& model, Projection projection, int layer) {
    const Layer& of = model.layers[static_cast<std::size_t>(layer)];
    const std::array<const BitLinear*, projections> all{&of.i, &of.f, &of.g, &of.o, &of.gate, &of.down, &model.head};
    return *all[static_cast<std::size_t>(projection)];
}

std::vector<TraceRequest::Item> inputsOf(Projection projection, int layer) {
    switch (projection) {
        case Projection::I:
        case Projection::F:
        case Projection::G:
            return {{TraceTensor::Residual, layer}};
        case Projection::O:
            return {{TraceTensor::OutputGate, layer}, {TraceTensor::State, layer}};
        case Projection::Gate:
            return {{TraceTensor::MidResidual, layer}};
        case Projection::Down:
            return {{TraceTensor::Glu, layer}};
        case Projection::Head:
            return {{TraceTensor::LayerOutput, layer}};
    }
    return {};
}

InputCodes::InputCodes(const Model& model, Projection projection, int layer)
    : model_(&model), projection_(projection), layer_(layer), width_(bitLinearOf(model, projection, layer).weight.cols()) {}

void InputCodes::add(std::span<const float> input, std::span<const float> state) {
    const BitLinear& linear = bitLinearOf(*model_, projection_, layer_);
    const Layer& layer = model_->layers[static_cast<std::size_t>(layer_)];
    const std::size_t n = input.size();
    // t and r1: what the BitLinear is given is t * r1 (float_profile.h).
    std::vector<float> t(n);
    switch (projection_) {
        case Projection::I:
        case Projection::F:
        case Projection::G:
            weigh(input, layer.attnNorm, t);
            break;
        case Projection::O:
            weigh(input, layer.gNorm, t);
            for (std::size_t k = 0; k < n; ++k) t[k] = profile::silu(state[k]) * t[k];
            break;
        case Projection::Gate:
            weigh(input, layer.mlpNorm, t);
            break;
        case Projection::Down:
            std::copy(input.begin(), input.end(), t.begin());
            break;
        case Projection::Head:
            weigh(input, model_->norm, t);
            break;
    }
    const float r1 = projection_ == Projection::Down
                         ? 1.0F
                         : profile::inverseRms(profile::sumOfSquares(input), n, model_->config.rmsNormEps);
    const float r = profile::bitLinearInverse(profile::sumOfSquares(t), n, r1);
    float largest = 0.0F;
    for (std::size_t k = 0; k < n; ++k) {
        t[k] = t[k] * linear.norm[k];
        largest = std::max(largest, std::fabs(t[k]));
    }
    TokenCodes token;
    token.absmax = largest * r;
    token.step = profile::codeStep(token.absmax);
    const float factor = profile::codeFactor(r, token.step);
    for (const float u : t) {
        const std::int8_t code = profile::quantise(u, factor);
        const int size = std::abs(int{code});
        token.ends += size >= 127 ? 1 : 0;
        token.zeros += size == 0 ? 1 : 0;
        token.nearZeros += size <= 1 ? 1 : 0;
        codes_.push_back(code);
    }
    tokens_.push_back(token);
}

CodeSummary InputCodes::summary(const OutlierRule& rule) const {
    CodeSummary summary;
    summary.tokens = tokens();
    const auto width = static_cast<std::size_t>(width_);
    summary.channelAbsmax.resize(width);
    std::vector<int> large(width);
    for (int t = 0; t < tokens(); ++t) {
        const TokenCodes& of = token(t);
        summary.meanScale += 1.0 / static_cast<double>(of.step) / tokens();
        summary.ends += share(of.ends) / tokens();
        summary.zeros += share(of.zeros) / tokens();
        summary.nearZeros += share(of.nearZeros) / tokens();
        const auto row = codes(t);
        for (std::size_t k = 0; k < width; ++k) {
            const int size = std::abs(int{row[k]});
            large[k] += size >= rule.code ? 1 : 0;
            summary.channelAbsmax[k] = std::max(summary.channelAbsmax[k], static_cast<float>(size) * of.step);
        }
    }
    for (std::size_t k = 0; k < width; ++k)
        if (tokens() > 0 && large[k] >= rule.share * tokens())
            summary.outliers.push_back(
                {static_cast<int>(k), static_cast<double>(large[k]) / tokens(), summary.channelAbsmax[k]});
    std::stable_sort(summary.outliers.begin(), summary.outliers.end(),
                     [](const OutlierChannel& a, const OutlierChannel& b) { return a.share > b.share; });
    return summary;
}

}  // namespace ternion
