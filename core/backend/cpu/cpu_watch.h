// What a pass on the processor shows of its inside, and edits there.
#pragma once

#include <algorithm>
#include <span>

#include "backend/edited_values.h"
#include "backend/trace.h"

namespace ternion {

/// Looks at the intermediates of one chunk of a pass as they are made: replaces what edits name, then keeps what a trace asks
/// for. Several threads may look at different tokens or channels.
class CpuWatch {
public:
    /// `firstToken`: of the chunk, in the trace.
    CpuWatch(Trace& trace, std::span<const Edit> edits, int firstToken)
        : trace_(trace), edits_(edits), firstToken_(firstToken) {}

    bool edits(TraceTensor tensor, int layer) const {
        return std::any_of(edits_.begin(), edits_.end(),
                           [&](const Edit& edit) { return edit.tensor == tensor && edit.layer == layer; });
    }
    bool sees(TraceTensor tensor, int layer) const { return edits(tensor, layer) || trace_.has({tensor, layer}); }
    bool seesLayer(int layer) const {
        for (int k = 0; k < traceTensors; ++k)
            if (sees(static_cast<TraceTensor>(k), layer)) return true;
        return false;
    }

    /// `values` are channels `begin` to `end` of a token of the chunk.
    void see(TraceTensor tensor, int layer, int token, int begin, int end, float* values) const {
        edit(tensor, layer, begin, end, values);
        keep(tensor, layer, token, begin, end, values);
    }
    void edit(TraceTensor tensor, int layer, int begin, int end, float* values) const {
        editValues(edits_, {tensor, layer}, begin, end, values);
    }
    void keep(TraceTensor tensor, int layer, int token, int begin, int end, const float* values) const {
        for (Trace::Tensor& traced : trace_.tensors)
            if (traced.item == TraceRequest::Item{tensor, layer})
                std::copy(values, values + (end - begin),
                          traced.values.begin() + std::ptrdiff_t{firstToken_ + token} * traced.width + begin);
    }

private:
    Trace& trace_;
    std::span<const Edit> edits_;
    int firstToken_;
};

}  // namespace ternion
