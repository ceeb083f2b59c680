#include "backend/intervention.h"

#include <cmath>
#include <sstream>

namespace ternion {

Intervention withoutLayer(int layer) { return {{TraceTensor::TokenMixer, layer}, {TraceTensor::ChannelMixer, layer}}; }

Status checkIntervention(std::span<const Edit> intervention, const ModelConfig& config) {
    for (const Edit& edit : intervention) {
        const auto bad = [&](const std::string& what) { return Error{ErrorCode::InvalidArgument, what, describe(edit)}; };
        if (edit.layer < 0 || edit.layer >= config.numLayers)
            return bad("there is no such layer; it has 0 to " + std::to_string(config.numLayers - 1));
        const int width = widthOf(edit.tensor, config);
        if (edit.firstChannel < 0 || edit.firstChannel >= width || edit.channels < 0 ||
            edit.channels > width - edit.firstChannel)
            return bad("there are no such channels; it has 0 to " + std::to_string(width - 1));
        if (!std::isfinite(edit.a) || !std::isfinite(edit.b)) return bad("the value is not a finite number");
        if (edit.kind == Edit::Kind::Clamp && edit.a > edit.b) return bad("the lower bound is above the upper one");
    }
    return {};
}

std::string describe(const Edit& edit) {
    std::ostringstream text;
    text << "layer " << edit.layer << ", " << nameOf(edit.tensor) << ", ";
    if (edit.channels == 0 && edit.firstChannel == 0)
        text << "all channels";
    else if (edit.channels == 0)
        text << "channels from " << edit.firstChannel;
    else if (edit.channels == 1)
        text << "channel " << edit.firstChannel;
    else
        text << "channels " << edit.firstChannel << " to " << edit.firstChannel + edit.channels - 1;
    switch (edit.kind) {
        case Edit::Kind::Pin:
            text << ": pinned to " << edit.a;
            break;
        case Edit::Kind::Scale:
            text << ": times " << edit.a;
            break;
        case Edit::Kind::Clamp:
            text << ": clamped to " << edit.a << " to " << edit.b;
            break;
    }
    return text.str();
}

}  // namespace ternion
