// The colours that mean something, the same in every view and theme (design, section 6).
#pragma once

#include <QColor>

namespace ternion::app {

/// -1 blue, 0 neutral grey, +1 orange: told apart with any kind of colour vision, and at least 3:1 against the backgrounds of
/// both themes.
inline QColor tritColor(int trit) { return trit < 0 ? QColor(0x2a7fd0) : trit > 0 ? QColor(0xd06f00) : QColor(0x858b94); }

}  // namespace ternion::app
