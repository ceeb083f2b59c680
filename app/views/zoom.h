// How far a step of the wheel or a key zooms, in every view.
#pragma once

namespace ternion::app {

constexpr double zoomStep = 1.25;

}  // namespace ternion::app
