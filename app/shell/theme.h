// Light and dark, the size of the text, and the looks of every widget.
#pragma once

#include <QFont>
#include <QObject>
#include <QPalette>

#include "shell/settings.h"

namespace ternion::app {

class ActionRegistry;

/// Our palettes, one accent colour each, complete for the active, inactive and disabled groups.
QPalette themePalette(bool dark);

/// Applies the theme to the application (Fusion, our palette and `:/style.qss`) and remembers the choice. Text has three sizes:
/// the platform's, and a widget's property `textSize` makes it "small" or "large". Icons follow by themselves. GUI thread;
/// needs a QApplication. "Follow system" reads what the platform's own palette was at start.
class Theme : public QObject {
    Q_OBJECT

public:
    explicit Theme(Settings& settings, QObject* parent = nullptr);

    ThemeMode mode() const { return settings_.theme(); }
    void setMode(ThemeMode mode);
    bool dark() const;
    double fontScale() const { return settings_.fontScale(); }
    void setFontScale(double scale);

    /// Theme and text size, for the View menu and the command palette.
    void addActions(ActionRegistry& actions);

signals:
    void changed();

private:
    void apply();

    Settings& settings_;
    QFont systemFont_;
    bool systemDark_;
};

}  // namespace ternion::app
