#include "compare/cell_place.h"

namespace ternion::app {

std::optional<MatrixPlace> matrixBehind(const TraceRequest::Item& item) {
    switch (item.tensor) {
        case TraceTensor::Residual:
            if (item.layer == 0) return std::nullopt;
            return MatrixPlace{item.layer - 1, "down_proj"};
        case TraceTensor::CandidateProjection:
        case TraceTensor::Candidate:
        case TraceTensor::State:
            return MatrixPlace{item.layer, "i_proj"};
        case TraceTensor::ForgetProjection:
        case TraceTensor::ForgetGate:
            return MatrixPlace{item.layer, "f_proj"};
        case TraceTensor::OutputGate:
            return MatrixPlace{item.layer, "g_proj"};
        case TraceTensor::TokenMixer:
        case TraceTensor::MidResidual:
            return MatrixPlace{item.layer, "o_proj"};
        case TraceTensor::GluProjection:
        case TraceTensor::Glu:
            return MatrixPlace{item.layer, "gate_proj"};
        case TraceTensor::ChannelMixer:
        case TraceTensor::LayerOutput:
            return MatrixPlace{item.layer, "down_proj"};
    }
    return std::nullopt;
}

}  // namespace ternion::app
