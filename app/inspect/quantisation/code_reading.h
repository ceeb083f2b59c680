// The codes of a layer's BitLinears over the conversation so far: what the quantisation panel computes on another thread.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "inspect/quantisation.h"
#include "inspect/trace_store.h"

namespace ternion::app {

/// Of one BitLinear. Immutable once made.
struct ProjectionCodes {
    std::shared_ptr<const InputCodes> codes;
    CodeSummary summary;
    int begin = 0;  ///< the token that they begin with

    const TokenCodes& token(int index) const { return codes->token(index - begin); }
    // Values of a ChannelMap:
    int firstToken() const { return begin; }
    int endToken() const { return begin + codes->tokens(); }
    int width() const { return codes->width(); }
    std::span<const std::int8_t> row(int token) const { return codes->codes(token - begin); }
};
using CodeReading = std::map<Projection, ProjectionCodes>;

/// What is traced of one: a series for each of inputsOf().
using ProjectionInputs = std::map<Projection, std::vector<TraceSeries>>;

/// Adds the tokens that `before` has not yet; `before` is of the same text.
CodeReading readCodes(const CodeReading& before, const ProjectionInputs& inputs, const Model& model, int layer);

}  // namespace ternion::app
