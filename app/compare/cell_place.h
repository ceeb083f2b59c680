// A cell of the map that is looked at, and what in the model lies behind it.
#pragma once

#include <QString>
#include <optional>

#include "backend/trace.h"
#include "inspect/weight_statistics.h"

namespace ternion::app {

struct CellPlace {
    int side = 1;  ///< that is compared with the first
    int token = 0;
    TraceRequest::Item item;
    int channel = 0;
    bool operator==(const CellPlace&) const = default;
};

/// The matrix whose output the values are made of, row by channel; nothing for the token's embedding.
std::optional<MatrixPlace> matrixBehind(const TraceRequest::Item& item);

}  // namespace ternion::app
