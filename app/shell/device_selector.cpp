#include "shell/device_selector.h"

#include <QActionGroup>
#include <QLabel>
#include <QMenu>
#include <QWidgetAction>
#include <array>

#include "engine/engine_client.h"
#include "shell/action_registry.h"
#include "shell/icons.h"
#include "shell/settings.h"

namespace ternion::app {

namespace {

/// A line that heads those below it.
QAction* heading(const QString& text, QMenu& menu) {
    auto* label = new QLabel(text);
    label->setProperty("muted", true);
    label->setProperty("textSize", "small");
    label->setContentsMargins(8, 8, 8, 0);
    auto* action = new QWidgetAction(&menu);
    action->setDefaultWidget(label);
    action->setEnabled(false);
    return action;
}

}  // namespace

bool isSimulated(const DeviceInfo& device) { return device.software && device.backend == "fpga"; }

QString deviceLabel(const DeviceInfo& device) {
    const QString label =
        QStringLiteral("%1 · %2").arg(QString::fromStdString(device.name), QString::fromStdString(device.id()));
    return device.software && !isSimulated(device) ? DeviceSelector::tr("%1 (software)").arg(label) : label;
}

QString deviceLabel(const ActiveDevice& device) {
    const QString label = deviceLabel(device.info);
    return device.profile == Profile::Fixed ? DeviceSelector::tr("%1 · fixed").arg(label) : label;
}

QString arithmeticText(Profile profile) {
    return profile == Profile::Fixed ? DeviceSelector::tr("fixed (integers, as on an FPGA)") : DeviceSelector::tr("float");
}

DeviceSelector::DeviceSelector(EngineClient& engine, ActionRegistry& actions, Settings& settings, QWidget* parent)
    : QToolButton(parent), engine_(engine), devices_(new QActionGroup(this)) {
    setObjectName("deviceSelector");
    setAccessibleName(tr("Device"));
    setToolTip(tr("The device that the model runs on. It can be changed in the middle of a conversation."));
    setIcon(themedIcon("device"));
    setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    setPopupMode(QToolButton::InstantPopup);
    setProperty("framed", true);
    auto* menu = new QMenu(this);
    menu->setToolTipsVisible(true);
    addDevices(*menu, actions, settings);
    addArithmetic(*menu, actions, settings);
    setMenu(menu);
    connect(&engine, &EngineClient::deviceChanged, this, &DeviceSelector::showActive);
    connect(&engine, &EngineClient::failed, this, &DeviceSelector::showActive);  // the old one is still the one in use
    showActive();
}

void DeviceSelector::addDevices(QMenu& menu, ActionRegistry& actions, Settings& settings) {
    for (const DeviceInfo& device : engine_.devices()) {
        const QString id = QString::fromStdString(device.id());
        QAction* action =
            actions.add("device." + id, tr("Model/Device"), deviceLabel(device), {}, [&engine = engine_, &settings, id] {
                settings.setDevice(id);
                engine.selectDevice(id);
            });
        action->setData(id);
        action->setCheckable(true);
        action->setEnabled(device.usable);
        action->setToolTip(QString::fromStdString(device.usable ? device.driver : device.reason));
        action->setActionGroup(devices_);
        menu.addAction(action);
    }
}

void DeviceSelector::addArithmetic(QMenu& menu, ActionRegistry& actions, Settings& settings) {
    struct Choice {
        Profile profile;
        const char* id;
        QString text;
        QString tooltip;
    };
    const std::array choices{
        Choice{Profile::Auto, "arithmetic.own", tr("The device's own"), tr("Integers on a board, float on all others")},
        Choice{Profile::Fixed, "arithmetic.fixed", tr("Fixed (integers, as on an FPGA)"),
               tr("Every device gives the same bits that a board gives")},
        Choice{Profile::Float, "arithmetic.float", tr("Float"), tr("As the model was trained; no board has it")},
    };
    menu.addSeparator();
    menu.addAction(heading(tr("Arithmetic"), menu));
    auto* group = new QActionGroup(this);
    for (const Choice& choice : choices) {
        QAction* action = actions.add(choice.id, tr("Model/Arithmetic"), choice.text, {},
                                      [&engine = engine_, &settings, profile = choice.profile] {
                                          settings.setProfile(profile);
                                          engine.selectProfile(profile);
                                      });
        action->setCheckable(true);
        action->setChecked(settings.profile() == choice.profile);
        action->setToolTip(choice.tooltip);
        action->setActionGroup(group);
        menu.addAction(action);
    }
    engine_.selectProfile(settings.profile());
}

void DeviceSelector::showActive() {
    const auto active = engine_.activeDevice();
    setText(active ? deviceLabel(*active) : tr("No device yet"));
    const QString id = active ? QString::fromStdString(active->info.id()) : QString();
    for (QAction* action : devices_->actions()) action->setChecked(action->data().toString() == id);
}

}  // namespace ternion::app
