#include "backend/input_checks.h"

#include <string>

namespace ternion {
namespace {

Error refused(std::string why) { return {ErrorCode::InvalidArgument, std::move(why), {}}; }

}  // namespace

Status checkTokens(std::span<const TokenId> tokens, const ModelConfig& config) {
    for (const TokenId token : tokens)
        if (token < 0 || token >= config.vocabSize)
            return refused("token " + std::to_string(token) + " is outside the vocabulary of " +
                           std::to_string(config.vocabSize));
    return {};
}

Status checkLayerInput(int layer, std::size_t values, const ModelConfig& config) {
    const auto width = static_cast<std::size_t>(config.hiddenSize);
    if (layer >= 0 && layer < config.numLayers && values % width == 0) return {};
    return refused("layer " + std::to_string(layer) + " of " + std::to_string(config.numLayers) + " cannot take " +
                   std::to_string(values) + " values; expected rows of " + std::to_string(width));
}

Status checkBitLinearInput(const BitLinear& linear, std::size_t values) {
    const auto columns = static_cast<std::size_t>(linear.weight.cols());
    if (columns > 0 && linear.norm.size() == columns && values % columns == 0) return {};
    return refused(std::to_string(values) + " values and a norm of " + std::to_string(linear.norm.size()) +
                   " do not fit a matrix of " + std::to_string(columns) + " columns");
}

Status checkSnapshot(const StateSnapshot& snapshot, std::size_t floats) {
    if (snapshot.h.size() == floats && snapshot.position >= 0) return {};
    return refused("the saved state has " + std::to_string(snapshot.h.size()) + " values, this model's has " +
                   std::to_string(floats) + "; restore it with the model it was saved from");
}

}  // namespace ternion
