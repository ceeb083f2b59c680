// The shape of a MatMul-free language model: what config.json says, checked.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace ternion {

using TokenId = std::int32_t;

/// HGRNBit (arXiv 2406.02528, section 3; the public code's HGRNBitConfig). Field names are config.json's in our spelling.
struct ModelConfig {
    std::string architecture = "HGRNBitForCausalLM";
    int vocabSize = 0;
    int hiddenSize = 0;
    int numLayers = 0;
    int numHeads = 1;  ///< the recurrence is element-wise, so heads do not change the arithmetic
    int expandRatio = 1;
    int hiddenRatio = 4;
    int intermediateSize = 0;  ///< GLU width; already resolved where the file says null (see defaultIntermediateSize)
    bool useLowerBound = true;
    bool tieWordEmbeddings = false;
    float rmsNormEps = 1e-6F;       ///< outside BitLinear; inside it is bitLinearEps
    int maxPositionEmbeddings = 0;  ///< what it was trained on; no limit, the model is recurrent
    TokenId bosId = 1;
    TokenId eosId = 2;
    TokenId padId = -1;  ///< -1: none

    /// Width of the MLGRU state of one layer, in floats.
    int stateSize() const { return hiddenSize * expandRatio; }

    /// GLU width for `intermediate_size: null`: hidden * ratio * 2 / 3 (rounded down), up to a multiple of 256.
    static int defaultIntermediateSize(int hiddenSize, int hiddenRatio);

    /// BadInput naming the field and its value, for anything zero, negative or absurd (products that would not fit memory).
    Status validate() const;

    /// Learned parameters of the whole model, embeddings included.
    std::int64_t parameterCount() const;

    bool operator==(const ModelConfig&) const = default;
};

/// The RMSNorm epsilon inside BitLinear: what the public code runs (a default argument), not its module's 1e-8.
inline constexpr float bitLinearEps = 1e-6F;

}  // namespace ternion
