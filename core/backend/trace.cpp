#include "backend/trace.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace ternion {

std::string_view nameOf(TraceTensor tensor) {
    constexpr std::array<std::string_view, traceTensors> names{
        "residual",    "candidate_projection", "forget_projection", "output_gate", "forget_gate",   "candidate",   "state",
        "token_mixer", "mid_residual",         "glu_projection",    "glu",         "channel_mixer", "layer_output"};
    return names[static_cast<std::size_t>(tensor)];
}

std::optional<TraceTensor> tensorNamed(std::string_view name) {
    for (int k = 0; k < traceTensors; ++k)
        if (nameOf(static_cast<TraceTensor>(k)) == name) return static_cast<TraceTensor>(k);
    return std::nullopt;
}

std::optional<TraceTensor> outputOf(std::string_view projection) {
    using enum TraceTensor;
    constexpr std::array<std::pair<std::string_view, TraceTensor>, 6> outputs{{{"i_proj", CandidateProjection},
                                                                               {"f_proj", ForgetProjection},
                                                                               {"g_proj", OutputGate},
                                                                               {"o_proj", TokenMixer},
                                                                               {"gate_proj", GluProjection},
                                                                               {"down_proj", ChannelMixer}}};
    for (const auto& [name, tensor] : outputs)
        if (name == projection) return tensor;
    return std::nullopt;
}

int widthOf(TraceTensor tensor, const ModelConfig& config) {
    switch (tensor) {
        case TraceTensor::Residual:
        case TraceTensor::TokenMixer:
        case TraceTensor::MidResidual:
        case TraceTensor::ChannelMixer:
        case TraceTensor::LayerOutput:
            return config.hiddenSize;
        case TraceTensor::GluProjection:
            return 2 * config.intermediateSize;
        case TraceTensor::Glu:
            return config.intermediateSize;
        default:
            return config.stateSize();
    }
}

Result<Trace> Trace::create(const TraceRequest& request, const ModelConfig& config, int tokens) {
    Trace trace;
    for (const auto& item : request.items) {
        const int last = item.tensor == TraceTensor::Residual ? config.numLayers : config.numLayers - 1;
        if (item.layer < 0 || item.layer > last)
            return Error{ErrorCode::InvalidArgument,
                         "there is no layer " + std::to_string(item.layer) + " to trace; ask for 0 to " + std::to_string(last),
                         {}};
        const int width = widthOf(item.tensor, config);
        trace.tensors.push_back(
            {item, tokens, width, std::vector<float>(static_cast<std::size_t>(tokens) * static_cast<std::size_t>(width))});
    }
    return trace;
}

bool Trace::has(TraceRequest::Item item) const {
    return std::any_of(tensors.begin(), tensors.end(), [&](const Tensor& tensor) { return tensor.item == item; });
}

void Trace::put(TraceRequest::Item item, int first, int count, const float* values) {
    for (Tensor& tensor : tensors)
        if (tensor.item == item)
            std::copy_n(values, std::ptrdiff_t{count} * tensor.width,
                        tensor.values.begin() + std::ptrdiff_t{first} * tensor.width);
}

}  // namespace ternion
