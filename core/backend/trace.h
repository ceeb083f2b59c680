// What a forward pass can be asked to show of its inside.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "model/model_config.h"

namespace ternion {

/// Intermediates, named as in the paper. Shapes are per token.
enum class TraceTensor : std::uint8_t {
    Residual,    ///< `[D]` entering each layer; index `numLayers` is the output of the final norm
    ForgetGate,  ///< `[S]` f, after the lower bound
    Candidate,   ///< `[S]` i = silu(BL_i(a)) * (1 - f)
    State,       ///< `[S]` h, after the update
    OutputGate,  ///< `[S]` BL_g(a), before its norm
};

struct TraceRequest {
    struct Item {
        TraceTensor tensor = TraceTensor::Residual;
        int layer = 0;  ///< 0 to numLayers - 1; for Residual numLayers too
        bool operator==(const Item&) const = default;
    };
    std::vector<Item> items;  ///< nothing asked, nothing copied

    /// The residual stream entering every layer and after the final norm: `hidden_states [L+1, T, D]`.
    static TraceRequest hiddenStates(int numLayers) {
        TraceRequest request;
        for (int layer = 0; layer <= numLayers; ++layer) request.items.push_back({TraceTensor::Residual, layer});
        return request;
    }
};

struct Trace {
    struct Tensor {
        TraceRequest::Item item;
        int tokens = 0;
        int width = 0;
        std::vector<float> values;  ///< `[tokens, width]`, row-major
    };
    std::vector<Tensor> tensors;  ///< in the order of the request

    /// What a pass over `tokens` tokens will fill in, all zeros. InvalidArgument for a layer that the model has not.
    static Result<Trace> create(const TraceRequest& request, const ModelConfig& config, int tokens);
    bool has(TraceRequest::Item item) const;
    /// Takes `count` tokens of a tensor, from token `first` on, wherever it was asked for.
    void put(TraceRequest::Item item, int first, int count, const float* values);
};

}  // namespace ternion
