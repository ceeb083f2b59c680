// An edit of an intermediate as a row has it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "backend/intervention.h"
#include "store/database.h"

namespace ternion {

/// The columns tensor, layer, first_channel, channels, kind, a and b, from `first` on; nullopt: of a version that knows more
/// tensors.
inline std::optional<Edit> editIn(const Statement& row, int first) {
    const auto tensor = tensorNamed(row.bytes(first));
    if (!tensor) return std::nullopt;
    const auto integer = [&](int column) { return static_cast<int>(row.integer(first + column)); };
    return Edit{*tensor,
                integer(1),
                integer(2),
                integer(3),
                static_cast<Edit::Kind>(std::clamp<std::int64_t>(row.integer(first + 4), 0, 2)),
                static_cast<float>(row.real(first + 5)),
                static_cast<float>(row.real(first + 6))};
}

}  // namespace ternion
