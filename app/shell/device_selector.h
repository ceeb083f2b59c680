// Which device the model runs on: a button with a menu of all of them.
#pragma once

#include <QToolButton>

#include "backend/backend.h"

class QActionGroup;
class QMenu;

namespace ternion::app {

class ActionRegistry;
class EngineClient;
class Settings;
struct ActiveDevice;

/// A board without electrons: its clock and its memory are assumptions, and its speed is that of the simulation.
bool isSimulated(const DeviceInfo& device);

/// "NVIDIA H200 · vulkan:0", software devices marked as such; a simulated board is called so by its name.
QString deviceLabel(const DeviceInfo& device);
/// And that it computes in integers, where it does.
QString deviceLabel(const ActiveDevice& device);
/// What the user is told of an arithmetic: "fixed (integers, as on an FPGA)".
QString arithmeticText(Profile profile);

/// Lists every device of the engine; unusable ones are disabled, with the reason as tooltip; and the arithmetic to compute in.
/// The same actions stand in the Model menu and in the command palette. Choosing one moves the running conversation there and
/// is remembered.
class DeviceSelector : public QToolButton {
    Q_OBJECT

public:
    DeviceSelector(EngineClient& engine, ActionRegistry& actions, Settings& settings, QWidget* parent = nullptr);

private:
    void addDevices(QMenu& menu, ActionRegistry& actions, Settings& settings);
    void addArithmetic(QMenu& menu, ActionRegistry& actions, Settings& settings);
    void showActive();

    EngineClient& engine_;
    QActionGroup* devices_;
};

}  // namespace ternion::app
