// A MatMul-free language model in memory, ready for any backend.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/float_type.h"
#include "model/model_config.h"
#include "model/ternary_matrix.h"

namespace ternion {

/// RMSNorm -> per-token absmax int8 -> ternary accumulate -> rescale (design, section 2).
struct BitLinear {
    TernaryMatrix weight;     ///< `[out, in]`
    std::vector<float> norm;  ///< `[in]`
};

/// One HGRNBit block: the MLGRU token mixer and the GLU channel mixer. D = hidden, S = state, I = intermediate size.
struct Layer {
    std::vector<float> attnNorm;    ///< `[D]`
    BitLinear i, f, g;              ///< candidate, forget gate, output gate: each `[S, D]`
    std::vector<float> gNorm;       ///< `[S]`
    BitLinear o;                    ///< `[D, S]`
    std::vector<float> mlpNorm;     ///< `[D]`
    BitLinear gate;                 ///< `[2I, D]`: rows 0..I-1 make u, rows I..2I-1 make v
    BitLinear down;                 ///< `[D, I]`
    std::vector<float> lowerBound;  ///< `[S]`; empty where the layer has none (layer 0, or use_lower_bound false)
};

/// Token embeddings as the file stores them (bf16 stays bf16: half the memory, the same values).
class Embedding {
public:
    using Type = FloatType;

    Embedding() = default;
    /// `data` holds `[rows, cols]` values of `type`, row-major, little-endian. BadInput where the size differs.
    static Result<Embedding> create(AlignedBuffer data, Type type, int rows, int cols);

    int rows() const { return rows_; }
    int cols() const { return cols_; }
    Type type() const { return type_; }
    std::span<const std::byte> bytes() const { return data_.bytes(); }
    /// Writes row `token` (0 <= token < rows) as floats into `out` (`[cols]`).
    void row(TokenId token, std::span<float> out) const;

private:
    AlignedBuffer data_;
    Type type_ = Type::F32;
    int rows_ = 0;
    int cols_ = 0;
};

/// Immutable once loaded; shared between sessions and backends as std::shared_ptr<const Model>.
struct Model {
    std::string name;  ///< for people: the folder's or the file's own name
    ModelConfig config;
    Embedding embeddings;  ///< `[V, D]`
    std::vector<Layer> layers;
    std::vector<float> norm;  ///< `[D]`
    BitLinear head;           ///< `[V, D]`: the head is ternary too

    /// Calls `visit` for every BitLinear with its name as in the public checkpoints ("model.layers.0.attn.i_proj", "lm_head").
    void forEachBitLinear(const std::function<void(const std::string& name, const BitLinear&)>& visit) const;

    std::uint64_t ternaryBytes() const;  ///< packed trits
    std::uint64_t embeddingBytes() const { return embeddings.bytes().size(); }

    /// A hash of the configuration, all trits and all scales, as 16 hexadecimal digits: equal models, equal hash, whatever
    /// file they came from.
    std::string hash() const;
};

/// b = cumsum(softmax(lower_bounds over layers)) - its first row: the learned lower bounds of the forget gates.
/// `raw` is `[layers, width]`, row-major; the result has the same shape, its first row zero.
std::vector<float> lowerBoundsFrom(std::span<const float> raw, int layers, int width);

/// A model of the given shape with random trits (a third each), unit norms and seeded small embeddings: for benchmarks, where
/// only the shape matters, and for tests. OutOfMemory.
Result<Model> randomModel(const ModelConfig& config, std::uint64_t seed);

/// The published shapes: "370M", "1.3B", "2.7B" (paper, table 1; ridger/MMfreeLM-*). NotFound lists them.
Result<ModelConfig> presetConfig(std::string_view name);

}  // namespace ternion
