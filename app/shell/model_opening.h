// All the ways to open a model: menu, recent ones, and dropping one on the window.
#pragma once

#include <QObject>
#include <QString>
#include <functional>

class QLabel;
class QMenu;
class QWidget;

namespace ternion::app {

class ActionRegistry;
class EngineClient;
class Settings;

/// Asks for a model's folder, or its file, without stopping anything else; `chosen` is told. Begins beside `near`, if that is
/// not empty.
void browseForModel(QWidget* parent, bool folder, const QString& near, const std::function<void(const QString&)>& chosen);

class ModelOpening : public QObject {
    Q_OBJECT

public:
    /// Watches `window` for drops; both are owned by it.
    ModelOpening(EngineClient& engine, ActionRegistry& actions, Settings& settings, QWidget* window);

    QMenu* recentMenu() const { return recent_; }
    void open(const QString& path);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void fillRecent();

    EngineClient& engine_;
    Settings& settings_;
    QWidget* window_;
    QMenu* recent_;
    QLabel* dropHint_;
};

}  // namespace ternion::app
