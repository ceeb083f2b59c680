#include "model/model_config.h"

#include <array>
#include <cmath>

namespace ternion {

int ModelConfig::defaultIntermediateSize(int hiddenSize, int hiddenRatio) {
    const std::int64_t width = std::int64_t{hiddenSize} * hiddenRatio * 2 / 3;
    return static_cast<int>((width + 255) / 256 * 256);
}

Status ModelConfig::validate() const {
    struct Range {
        const char* name;
        std::int64_t value;
        std::int64_t max;
    };
    // The bounds are far above any published model and keep every product below within 64 bits.
    const std::array ranges{Range{"vocab_size", vocabSize, 1 << 22},
                            Range{"hidden_size", hiddenSize, 1 << 17},
                            Range{"num_hidden_layers", numLayers, 4096},
                            Range{"num_heads", numHeads, 1 << 17},
                            Range{"expand_ratio", expandRatio, 64},
                            Range{"hidden_ratio", hiddenRatio, 256},
                            Range{"intermediate_size", intermediateSize, 1 << 20}};
    for (const auto& range : ranges)
        if (range.value < 1 || range.value > range.max)
            return Error{
                ErrorCode::BadInput,
                std::string(range.name) + " is " + std::to_string(range.value) + "; expected 1 to " + std::to_string(range.max),
                {}};
    if (stateSize() % numHeads != 0)
        return Error{ErrorCode::BadInput,
                     "num_heads is " + std::to_string(numHeads) + ", which does not divide the state's " +
                         std::to_string(stateSize()) + " channels",
                     {}};
    if (!std::isfinite(rmsNormEps) || rmsNormEps < 0.0F || rmsNormEps > 1.0F)
        return Error{ErrorCode::BadInput, "rms_norm_eps is " + std::to_string(rmsNormEps) + "; expected 0 to 1", {}};
    for (const auto& [name, id] : {std::pair{"bos_token_id", bosId}, {"eos_token_id", eosId}, {"pad_token_id", padId}})
        if (id < -1 || id >= vocabSize)
            return Error{
                ErrorCode::BadInput,
                std::string(name) + " is " + std::to_string(id) + ", outside the vocabulary of " + std::to_string(vocabSize),
                {}};
    return {};
}

std::int64_t ModelConfig::parameterCount() const {
    const std::int64_t hidden = hiddenSize, state = stateSize(), inner = intermediateSize, vocab = vocabSize;
    const std::int64_t attention = 4 * hidden * state + hidden + 3 * hidden + 2 * state;
    const std::int64_t mlp = 3 * hidden * inner + 2 * hidden + inner;
    const std::int64_t head = (tieWordEmbeddings ? 0 : vocab * hidden) + hidden;
    const std::int64_t bounds = useLowerBound ? numLayers * state : 0;
    return vocab * hidden + numLayers * (attention + mlp) + hidden + head + bounds;
}

}  // namespace ternion
