// Our own line icons, in the colours of the theme that is on.
#pragma once

#include <QIcon>
#include <QString>

namespace ternion::app {

/// The icon `resources/icons/NAME.svg`: 24x24, one stroke width, drawn in the application palette's text colour of the moment,
/// sharp at any size and scale. It follows a change of theme by itself. GUI thread; an unknown name draws nothing.
QIcon themedIcon(const QString& name);

}  // namespace ternion::app
