// Edits of the values inside a forward pass: what would the model say if this channel, gate or layer were another?
#pragma once

#include <span>
#include <string>
#include <vector>

#include "backend/trace.h"
#include "base/result.h"

namespace ternion {

/// What becomes of some channels of one intermediate, at every token: each value as TraceTensor describes it is replaced before
/// anything is computed from it, and traces show what replaced it. So an edited f makes the candidate i = silu(.) * (1 - f) of
/// the edited one, and an edited state is what the next token starts from.
struct Edit {
    enum class Kind : std::uint8_t {
        Pin,    ///< becomes `a`; 0 removes it
        Scale,  ///< times `a`
        Clamp,  ///< at least `a`, at most `b`
    };
    TraceTensor tensor = TraceTensor::Residual;
    int layer = 0;         ///< 0 to numLayers - 1
    int firstChannel = 0;  ///< the first of `channels`
    int channels = 0;      ///< 0: all from the first on
    Kind kind = Kind::Pin;
    float a = 0.0F;
    float b = 0.0F;
    bool operator==(const Edit&) const = default;
};

/// Applied in this order: a later edit sees what an earlier one made. Empty: the model as it is.
using Intervention = std::vector<Edit>;

/// The same on every device, to the bit: comparisons and one multiplication. vulkan-shaders/edits.glsl is its twin.
inline float edited(float x, Edit::Kind kind, float a, float b) {
    switch (kind) {
        case Edit::Kind::Pin:
            return a;
        case Edit::Kind::Scale:
            return x * a;
        case Edit::Kind::Clamp:
            return x < a ? a : x > b ? b : x;
    }
    return x;
}

/// Takes a whole layer out: neither of its mixers adds anything to the residual.
Intervention withoutLayer(int layer);

/// InvalidArgument naming the edit and what is allowed: a layer or channel that the model has not, bounds in the wrong order, a
/// number that is none.
Status checkIntervention(std::span<const Edit> intervention, const ModelConfig& config);

/// For people: "layer 3, forget_gate, channels 10 to 19: pinned to 0".
std::string describe(const Edit& edit);

}  // namespace ternion
