#include "views/color_scale.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "shell/colors.h"

namespace ternion::app {
namespace {

// Sixteen even samples of matplotlib's viridis (van der Walt and Smith 2015).
constexpr std::array<QRgb, 16> viridis{0x440154, 0x481a6c, 0x472f7d, 0x414487, 0x39568c, 0x31688e, 0x2a788e, 0x23888e,
                                       0x1f988b, 0x22a884, 0x35b779, 0x54c568, 0x7ad151, 0xa5db36, 0xd2e21b, 0xfde725};

// The trits' blue and orange half way to the ends, so that the same hue is the same sign everywhere.
constexpr std::array<QRgb, 5> divergingOnLight{0x0c2f5e, 0x2a7fd0, 0xe6e8ec, 0xd06f00, 0x5c2a00};
constexpr std::array<QRgb, 5> divergingOnDark{0xb9dcff, 0x2a7fd0, 0x30353d, 0xd06f00, 0xffd9a8};

// No sample of viridis comes near them.
constexpr QRgb equalOnLight = 0xffd3d8de;
constexpr QRgb equalOnDark = 0xff444b55;

constexpr int middle = 128;  // of lightness

}  // namespace

QRgb ColorScale::color(float value) const {
    if (std::isnan(value)) return qRgba(0, 0, 0, 0);
    switch (map) {
        case Map::Trits: {
            static const std::array<QRgb, 3> trits{tritColor(-1).rgb(), tritColor(0).rgb(), tritColor(1).rgb()};
            return colorAlong(trits, (value + 1) / 2);
        }
        case Map::Diverging: {
            const float reach = std::max(std::abs(low), std::abs(high));
            return colorAlong(qGray(background) < middle ? divergingOnDark : divergingOnLight,
                              reach > 0 ? (value / reach + 1) / 2 : 0.5F);
        }
        case Map::Decades:
            if (value <= 0) return qGray(background) < middle ? equalOnDark : equalOnLight;
            return colorAlong(viridis, high > low && low > 0 ? std::log(value / low) / std::log(high / low) : 1.0F);
        case Map::Sequential:
            break;
    }
    return colorAlong(viridis, high > low ? (value - low) / (high - low) : 0.0F);
}

ColorScale ColorScale::diverging(float low, float high, const QString& unit) {
    const float reach = std::max(std::abs(low), std::abs(high));
    return {Map::Diverging, -reach, reach, unit};
}

}  // namespace ternion::app
