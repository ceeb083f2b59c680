// The values inside a forward pass that can be looked at, and edited (backend/intervention.h).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/result.h"
#include "model/model_config.h"

namespace ternion {

/// Intermediates, named as in the paper, in the order in which a layer makes them. Shapes are per token: D hidden, S state, I
/// intermediate size.
enum class TraceTensor : std::uint8_t {
    Residual,             ///< `[D]` entering each layer; index `numLayers` is the output of the final norm
    CandidateProjection,  ///< `[S]` BL_i(a)
    ForgetProjection,     ///< `[S]` BL_f(a)
    OutputGate,           ///< `[S]` BL_g(a), before its norm
    ForgetGate,           ///< `[S]` f, after the lower bound
    Candidate,            ///< `[S]` i = silu(BL_i(a)) * (1 - f)
    State,                ///< `[S]` h, after the update
    TokenMixer,           ///< `[D]` BL_o(o): what the MLGRU adds to the residual
    MidResidual,          ///< `[D]` the residual between the two mixers
    GluProjection,        ///< `[2I]` BL_gate(m): u, then v
    Glu,                  ///< `[I]` silu(u) * v
    ChannelMixer,         ///< `[D]` BL_down(silu(u) * v): what the GLU adds to the residual
    LayerOutput,          ///< `[D]` the residual leaving the layer; of the last one, what the final norm is given
};
inline constexpr int traceTensors = 13;

/// "residual", "forget_gate", ...: what files and the command line call it.
std::string_view nameOf(TraceTensor tensor);
/// The other way round; nothing for a name that is none's.
std::optional<TraceTensor> tensorNamed(std::string_view name);
/// What a layer's projection makes: of "i_proj" its output, and so on; nothing for another name.
std::optional<TraceTensor> outputOf(std::string_view projection);
/// Floats a token.
int widthOf(TraceTensor tensor, const ModelConfig& config);

struct TraceRequest {
    struct Item {
        TraceTensor tensor = TraceTensor::Residual;
        int layer = 0;  ///< 0 to numLayers - 1; for Residual numLayers too
        bool operator==(const Item&) const = default;
        bool operator<(const Item& other) const { return std::tie(tensor, layer) < std::tie(other.tensor, other.layer); }
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
