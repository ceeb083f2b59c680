#include "shell/settings.h"

#include <QStandardPaths>
#include <algorithm>

namespace ternion::app {
namespace {

constexpr int recentCount = 10;
constexpr double smallestScale = 0.7;
constexpr double largestScale = 2.0;

/// A layout's name may hold anything, a key may not hold a slash.
QString layoutKey(const QString& name) {
    return QStringLiteral("layouts/") + QString::fromLatin1(name.toUtf8().toPercentEncoding());
}

/// Out of range: `otherwise`.
std::uint32_t numberIn(const QSettings& store, const char* key, std::uint32_t most, std::uint32_t otherwise) {
    bool ok = false;
    const uint value = store.value(QLatin1String(key)).toUInt(&ok);
    return ok && value >= 1 && value <= most ? value : otherwise;
}

fpga::SimulationSettings simulationIn(const QSettings& store) {
    fpga::SimulationSettings simulation;
    simulation.clockKhz = numberIn(store, "board/clockKhz", fpga::SimulationSettings::mostKhz, simulation.clockKhz);
    simulation.memoryMebibytes =
        numberIn(store, "board/memoryMebibytes", fpga::SimulationSettings::mostMebibytes, simulation.memoryMebibytes);
    simulation.latency = numberIn(store, "board/latency", fpga::SimulationSettings::longestLatency, simulation.latency);
    simulation.rate = numberIn(store, "board/rate", fpga::SimulationSettings::fullRate, simulation.rate);
    return simulation;
}

}  // namespace

Settings::Settings()
    : Settings(QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation) +
               QStringLiteral("/ternion/ternion.conf")) {}

Settings::Settings(const QString& file) : store_(file, QSettings::IniFormat), simulation_(simulationIn(store_)) {}

ThemeMode Settings::theme() const {
    const int value = store_.value("appearance/theme", 0).toInt();
    return value == 1 ? ThemeMode::Light : value == 2 ? ThemeMode::Dark : ThemeMode::System;
}
void Settings::setTheme(ThemeMode mode) { store_.setValue("appearance/theme", static_cast<int>(mode)); }

double Settings::fontScale() const {
    return std::clamp(store_.value("appearance/fontScale", 1.0).toDouble(), smallestScale, largestScale);
}
void Settings::setFontScale(double scale) {
    store_.setValue("appearance/fontScale", std::clamp(scale, smallestScale, largestScale));
}

QString Settings::device() const { return store_.value("engine/device").toString(); }
void Settings::setDevice(const QString& id) { store_.setValue("engine/device", id); }

Profile Settings::profile() const {
    const QString name = store_.value("engine/profile").toString();
    return name == QLatin1String("fixed") ? Profile::Fixed : name == QLatin1String("float") ? Profile::Float : Profile::Auto;
}
void Settings::setProfile(Profile profile) {
    if (profile == Profile::Auto) return store_.remove("engine/profile");
    store_.setValue("engine/profile", profile == Profile::Fixed ? QStringLiteral("fixed") : QStringLiteral("float"));
}

fpga::SimulationSettings Settings::simulation() const {
    const std::lock_guard lock(simulationMutex_);
    return simulation_;
}
void Settings::setSimulation(const fpga::SimulationSettings& simulation) {
    {
        const std::lock_guard lock(simulationMutex_);
        simulation_ = simulation;
    }
    store_.setValue("board/clockKhz", simulation.clockKhz);
    store_.setValue("board/memoryMebibytes", simulation.memoryMebibytes);
    store_.setValue("board/latency", simulation.latency);
    store_.setValue("board/rate", simulation.rate);
}

QString Settings::model() const { return recentModels().value(0); }
QStringList Settings::recentModels() const { return store_.value("engine/models").toStringList(); }
void Settings::addRecentModel(const QString& path) {
    QStringList models = recentModels();
    models.removeAll(path);
    models.prepend(path);
    store_.setValue("engine/models", models.mid(0, recentCount));
}
void Settings::clearRecentModels() { store_.setValue("engine/models", recentModels().mid(0, 1)); }

std::int64_t Settings::conversation() const { return store_.value("session/conversation", 0).toLongLong(); }
void Settings::setConversation(std::int64_t id) { store_.setValue("session/conversation", static_cast<qlonglong>(id)); }

QString Settings::chatTemplate(const QString& modelHash) const { return store_.value("chatTemplates/" + modelHash).toString(); }
void Settings::setChatTemplate(const QString& modelHash, const QString& text) {
    if (text.isEmpty())
        store_.remove("chatTemplates/" + modelHash);
    else
        store_.setValue("chatTemplates/" + modelHash, text);
}

std::int64_t Settings::traceMemory() const {
    const qint64 bytes = store_.value("inspect/traceMemory", qint64{1} << 30).toLongLong();
    return std::clamp(bytes, qint64{1} << 24, qint64{1} << 36);
}
void Settings::setTraceMemory(std::int64_t bytes) { store_.setValue("inspect/traceMemory", static_cast<qlonglong>(bytes)); }
bool Settings::spillsTraces() const { return store_.value("inspect/spillTraces", false).toBool(); }
void Settings::setSpillsTraces(bool spills) { store_.setValue("inspect/spillTraces", spills); }
QByteArray Settings::pins(const QString& shape) const { return store_.value("pins/" + shape).toByteArray(); }
void Settings::setPins(const QString& shape, const QByteArray& pins) { store_.setValue("pins/" + shape, pins); }

bool Settings::recordsTexts() const { return store_.value("runs/recordTexts", true).toBool(); }
void Settings::setRecordsTexts(bool records) { store_.setValue("runs/recordTexts", records); }
QStringList Settings::sqlHistory() const { return store_.value("sql/history").toStringList(); }
void Settings::setSqlHistory(const QStringList& questions) { store_.setValue("sql/history", questions); }

QByteArray Settings::windowGeometry() const { return store_.value("window/geometry").toByteArray(); }
QByteArray Settings::windowState() const { return store_.value("window/state").toByteArray(); }
void Settings::setWindow(const QByteArray& geometry, const QByteArray& state) {
    store_.setValue("window/geometry", geometry);
    store_.setValue("window/state", state);
}

QByteArray Settings::compareGeometry() const { return store_.value("compare/geometry").toByteArray(); }
void Settings::setCompareGeometry(const QByteArray& geometry) { store_.setValue("compare/geometry", geometry); }

QStringList Settings::layouts() const {
    store_.beginGroup("layouts");
    QStringList names;
    for (const QString& key : store_.childKeys()) names << QString::fromUtf8(QByteArray::fromPercentEncoding(key.toLatin1()));
    store_.endGroup();
    names.sort(Qt::CaseInsensitive);
    return names;
}
QByteArray Settings::layout(const QString& name) const { return store_.value(layoutKey(name)).toByteArray(); }
void Settings::saveLayout(const QString& name, const QByteArray& state) { store_.setValue(layoutKey(name), state); }
void Settings::removeLayout(const QString& name) { store_.remove(layoutKey(name)); }

}  // namespace ternion::app
