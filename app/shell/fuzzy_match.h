// How well what was typed fits a name.
#pragma once

#include <QString>
#include <optional>

namespace ternion::app {

/// Each word of `query`, in any order: its letters (case ignored) in their order anywhere in `text`. A score, higher for
/// letters that begin words or follow each other and for shorter texts. Nothing where one is missing; 0 for an empty query.
std::optional<int> fuzzyMatch(const QString& query, const QString& text);

}  // namespace ternion::app
