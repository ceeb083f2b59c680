// A token and how probable it is, in a row: its text, a bar, the number.
#pragma once

#include <QPalette>
#include <QString>

class QPainter;

namespace ternion::app {

QString percent(double probability);  ///< "12.3 %"; "< 0.1 %" rather than 0 for what can happen

/// In `rect`, with the painter's font. `strong`: the token that was chosen.
void paintProbabilityRow(QPainter& painter, const QRect& rect, const QString& token, double probability, bool strong,
                         const QPalette& palette);

}  // namespace ternion::app
