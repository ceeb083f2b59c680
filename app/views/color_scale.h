// From values to colours: one meaning a map (design, section 6).
#pragma once

#include <QColor>
#include <QString>

namespace ternion::app {

struct ColorScale {
    enum class Map {
        Trits,       ///< -1 blue, 0 neutral grey, +1 orange, and what lies between them
        Diverging,   ///< signed: zero in the middle, whatever the range
        Sequential,  ///< unsigned: viridis
        Decades,  ///< unsigned over powers of ten: viridis from `low`, above 0, to `high`; exactly 0 is grey, unlike all others
    };
    Map map = Map::Sequential;
    float low = 0.0F;
    float high = 1.0F;
    QString unit;  ///< written at the scale bar; empty: a pure number
    /// The background that zero of a diverging map comes close to; colours get darker away from a light one, lighter away from
    /// a dark one. Views set it to the theme's.
    QRgb background = 0xffffffff;

    /// Beyond the range: the end's colour. NaN: transparent. Any thread.
    QRgb color(float value) const;

    /// Symmetric about zero, as wide as the larger of |low| and |high|.
    static ColorScale diverging(float low, float high, const QString& unit = {});
};

}  // namespace ternion::app
