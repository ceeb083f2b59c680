// Small pieces that every part of the chat is made of.
#pragma once

#include <QLabel>
#include <QString>
#include <QToolButton>

#include "shell/icons.h"

namespace ternion::app {

constexpr int grid = 8;         ///< all spacing is a multiple of this, or half of it
constexpr int iconExtent = 16;  ///< of icons in buttons

/// `size` is "small", "" or "large": the three text sizes of the theme.
inline QLabel* makeLabel(const QString& text, const char* size, bool muted) {
    auto* label = new QLabel(text);
    label->setProperty("textSize", size);
    label->setTextFormat(Qt::PlainText);
    label->setProperty("muted", muted);
    return label;
}

inline QToolButton* makeToolButton(const QString& objectName, const char* icon, const QString& text) {
    auto* button = new QToolButton;
    button->setObjectName(objectName);
    button->setIcon(themedIcon(icon));
    button->setIconSize({iconExtent, iconExtent});
    button->setAutoRaise(true);
    button->setText(text);
    button->setToolTip(text);
    button->setAccessibleName(text);
    button->setFocusPolicy(Qt::StrongFocus);
    return button;
}

}  // namespace ternion::app
