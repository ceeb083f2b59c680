// The tensors that make a model, by the names of the public checkpoints: one list for every reader and the writer.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "model/model.h"

namespace ternion {

using Shape = std::vector<std::int64_t>;

/// Where the name of a packed matrix's exact scale differs from the matrix's own: "lm_head.weight" and "lm_head.weight_scale".
inline std::string scaleName(const std::string& weight) { return weight + "_scale"; }

/// In a checkpoint as trained, `[L, D]`: what the bounds are computed from. In a packed file, `[L, S]`: the bounds themselves.
inline constexpr const char* rawLowerBounds = "model.lower_bounds";
inline constexpr const char* packedLowerBounds = "model.forget_lower_bounds";

/// Visits every part of `model` (a Model or const Model with `config.numLayers` layers) in the order of the file:
///   visitor.trits(name, TernaryMatrix&, shape)     one ternary matrix
///   visitor.floats(name, std::vector<float>&, shape)
///   visitor.embedding(name, Embedding&, shape)
///   visitor.lowerBounds(model)                      all layers' bounds, where the model has any
/// Each gives a Status; the first error ends the visit.
template <class AnyModel, class Visitor>
Status visitTensors(AnyModel& model, Visitor& visitor) {
    const std::int64_t hidden = model.config.hiddenSize, state = model.config.stateSize();
    const std::int64_t inner = model.config.intermediateSize, vocab = model.config.vocabSize;
    const auto linear = [&](const std::string& name, auto& part, std::int64_t rows, std::int64_t cols) -> Status {
        TERNION_CHECK(visitor.trits(name + ".weight", part.weight, Shape{rows, cols}));
        return visitor.floats(name + ".norm.weight", part.norm, Shape{cols});
    };
    TERNION_CHECK(visitor.embedding("model.embeddings.weight", model.embeddings, Shape{vocab, hidden}));
    if (model.config.useLowerBound) TERNION_CHECK(visitor.lowerBounds(model));
    for (std::size_t l = 0; l < model.layers.size(); ++l) {
        auto& layer = model.layers[l];
        const std::string prefix = "model.layers." + std::to_string(l) + ".";
        TERNION_CHECK(visitor.floats(prefix + "attn_norm.weight", layer.attnNorm, Shape{hidden}));
        TERNION_CHECK(linear(prefix + "attn.i_proj", layer.i, state, hidden));
        TERNION_CHECK(linear(prefix + "attn.f_proj", layer.f, state, hidden));
        TERNION_CHECK(linear(prefix + "attn.g_proj", layer.g, state, hidden));
        TERNION_CHECK(visitor.floats(prefix + "attn.g_norm.weight", layer.gNorm, Shape{state}));
        TERNION_CHECK(linear(prefix + "attn.o_proj", layer.o, hidden, state));
        TERNION_CHECK(visitor.floats(prefix + "mlp_norm.weight", layer.mlpNorm, Shape{hidden}));
        TERNION_CHECK(linear(prefix + "mlp.gate_proj", layer.gate, 2 * inner, hidden));
        TERNION_CHECK(linear(prefix + "mlp.down_proj", layer.down, hidden, inner));
    }
    TERNION_CHECK(visitor.floats("model.norm.weight", model.norm, Shape{hidden}));
    return linear("lm_head", model.head, vocab, hidden);
}

}  // namespace ternion
