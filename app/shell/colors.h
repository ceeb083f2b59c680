// The colours that mean something, the same in every view and theme (design, section 6).
#pragma once

#include <QColor>
#include <algorithm>
#include <cmath>
#include <span>

namespace ternion::app {

/// -1 blue, 0 neutral grey, +1 orange: told apart with any kind of colour vision, and at least 3:1 against the backgrounds of
/// both themes.
inline QColor tritColor(int trit) { return trit < 0 ? QColor(0x2a7fd0) : trit > 0 ? QColor(0xd06f00) : QColor(0x858b94); }

/// Between evenly spaced colours (two or more), linearly: `at` is 0 at the first and 1 at the last, and what is beyond is
/// theirs.
inline QRgb colorAlong(std::span<const QRgb> colors, double at) {
    const double place = std::clamp(at, 0.0, 1.0) * static_cast<double>(colors.size() - 1);
    const auto left = std::min(static_cast<std::size_t>(place), colors.size() - 2);
    const double rest = place - static_cast<double>(left);
    const QRgb a = colors[left];
    const QRgb b = colors[left + 1];
    const auto mix = [&](int from, int to) { return static_cast<int>(std::lround(from + (to - from) * rest)); };
    return qRgb(mix(qRed(a), qRed(b)), mix(qGreen(a), qGreen(b)), mix(qBlue(a), qBlue(b)));
}

}  // namespace ternion::app
