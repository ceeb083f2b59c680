// Which device the model runs on: a button with a menu of all of them.
#pragma once

#include <QToolButton>

#include "backend/backend.h"

class QActionGroup;

namespace ternion::app {

class ActionRegistry;
class EngineClient;
class Settings;

/// "NVIDIA H200 · vulkan:0", software devices marked as such.
QString deviceLabel(const DeviceInfo& device);

/// Lists every device of the engine; unusable ones are disabled, with the reason as tooltip. The same actions stand in the
/// Model menu and in the command palette. Choosing one moves the running conversation there and is remembered.
class DeviceSelector : public QToolButton {
    Q_OBJECT

public:
    DeviceSelector(EngineClient& engine, ActionRegistry& actions, Settings& settings, QWidget* parent = nullptr);

private:
    void showActive();

    EngineClient& engine_;
    QActionGroup* devices_;
};

}  // namespace ternion::app
