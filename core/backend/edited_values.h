// Edits of values that lie in the host's memory.
#pragma once

#include <algorithm>
#include <span>

#include "backend/intervention.h"

namespace ternion {

/// `values` are channels `begin` to `end` of the intermediate: those that an edit names become what it makes of them.
inline void editValues(std::span<const Edit> edits, TraceRequest::Item item, int begin, int end, float* values) {
    for (const Edit& edit : edits) {
        if (edit.tensor != item.tensor || edit.layer != item.layer) continue;
        const int last = edit.channels == 0 ? end : std::min(end, edit.firstChannel + edit.channels);
        for (int c = std::max(begin, edit.firstChannel); c < last; ++c)
            values[c - begin] = edited(values[c - begin], edit.kind, edit.a, edit.b);
    }
}

}  // namespace ternion
