#include "log/diagnostics.h"

#include <QGuiApplication>
#include <QSysInfo>
#include <QThread>

#include "engine/engine_client.h"
#include "shell/device_selector.h"
#include "shell/format.h"

namespace ternion::app {

QString diagnostics(const EngineClient& engine) {
    QStringList lines;
    lines << QStringLiteral("- Ternion %1, Qt %2, %3").arg(TERNION_VERSION, qVersion(), QGuiApplication::platformName());
    lines << QStringLiteral("- %1, kernel %2, %3, %4 threads")
                 .arg(QSysInfo::prettyProductName(), QSysInfo::kernelVersion(), QSysInfo::currentCpuArchitecture())
                 .arg(QThread::idealThreadCount());
    const auto active = engine.activeDevice();
    for (const DeviceInfo& device : engine.devices()) {
        QString line = QStringLiteral("- %1, driver %2, %3")
                           .arg(deviceLabel(device), QString::fromStdString(device.driver), formatBytes(device.memoryBytes));
        if (!device.usable) line += QStringLiteral(", not usable: ") + QString::fromStdString(device.reason);
        if (active && active->info.id() == device.id()) line += QStringLiteral(", in use");
        lines << line;
    }
    if (const auto model = engine.model()) {
        const ModelConfig& config = model->checkpoint.model->config;
        lines << QStringLiteral("- Model %1: %2 layers, hidden size %3, vocabulary %4")
                     .arg(QString::fromStdString(model->hash))
                     .arg(config.numLayers)
                     .arg(config.hiddenSize)
                     .arg(config.vocabSize);
    } else {
        lines << QStringLiteral("- No model is open");
    }
    return lines.join(QLatin1Char('\n')) + QLatin1Char('\n');
}

}  // namespace ternion::app
