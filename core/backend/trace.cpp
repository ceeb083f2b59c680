#include "backend/trace.h"

#include <algorithm>
#include <string>

namespace ternion {

Result<Trace> Trace::create(const TraceRequest& request, const ModelConfig& config, int tokens) {
    Trace trace;
    for (const auto& item : request.items) {
        const bool residual = item.tensor == TraceTensor::Residual;
        const int last = residual ? config.numLayers : config.numLayers - 1;
        if (item.layer < 0 || item.layer > last)
            return Error{ErrorCode::InvalidArgument,
                         "there is no layer " + std::to_string(item.layer) + " to trace; ask for 0 to " + std::to_string(last),
                         {}};
        const int width = residual ? config.hiddenSize : config.stateSize();
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
