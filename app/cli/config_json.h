// A model's configuration as config.json spells it.
#pragma once

#include <nlohmann/json.hpp>

#include "model/model_config.h"

namespace ternion::cli {

inline nlohmann::ordered_json toJson(const ModelConfig& config) {
    return {{"architecture", config.architecture},
            {"vocab_size", config.vocabSize},
            {"hidden_size", config.hiddenSize},
            {"num_hidden_layers", config.numLayers},
            {"num_heads", config.numHeads},
            {"expand_ratio", config.expandRatio},
            {"hidden_ratio", config.hiddenRatio},
            {"intermediate_size", config.intermediateSize},
            {"use_lower_bound", config.useLowerBound},
            {"tie_word_embeddings", config.tieWordEmbeddings},
            {"rms_norm_eps", config.rmsNormEps},
            {"max_position_embeddings", config.maxPositionEmbeddings},
            {"bos_token_id", config.bosId},
            {"eos_token_id", config.eosId},
            {"pad_token_id", config.padId},
            {"parameters", config.parameterCount()}};
}

}  // namespace ternion::cli
