#include "shell/device_selector.h"

#include <QActionGroup>
#include <QMenu>

#include "engine/engine_client.h"
#include "shell/action_registry.h"
#include "shell/icons.h"
#include "shell/settings.h"

namespace ternion::app {

QString deviceLabel(const DeviceInfo& device) {
    const QString label =
        QStringLiteral("%1 · %2").arg(QString::fromStdString(device.name), QString::fromStdString(device.id()));
    return device.software ? DeviceSelector::tr("%1 (software)").arg(label) : label;
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
    for (const DeviceInfo& device : engine.devices()) {
        const QString id = QString::fromStdString(device.id());
        QAction* action = actions.add("device." + id, tr("Model/Device"), deviceLabel(device), {}, [&engine, &settings, id] {
            settings.setDevice(id);
            engine.selectDevice(id);
        });
        action->setData(id);
        action->setCheckable(true);
        action->setEnabled(device.usable);
        action->setToolTip(QString::fromStdString(device.usable ? device.driver : device.reason));
        action->setActionGroup(devices_);
        menu->addAction(action);
    }
    setMenu(menu);
    connect(&engine, &EngineClient::deviceChanged, this, &DeviceSelector::showActive);
    connect(&engine, &EngineClient::failed, this, &DeviceSelector::showActive);  // the old one is still the one in use
    showActive();
}

void DeviceSelector::showActive() {
    const auto active = engine_.activeDevice();
    setText(active ? deviceLabel(active->info) : tr("No device yet"));
    const QString id = active ? QString::fromStdString(active->info.id()) : QString();
    for (QAction* action : devices_->actions()) action->setChecked(action->data().toString() == id);
}

}  // namespace ternion::app
