// What the program remembers between two starts; the only place that reads and writes it.
#pragma once

#include <QByteArray>
#include <QSettings>
#include <QString>
#include <QStringList>
#include <cstdint>
#include <mutex>

#include "backend/backend.h"
#include "link/simulation_settings.h"

namespace ternion::app {

enum class ThemeMode { System, Light, Dark };

/// Backed by an INI file, in the user's XDG configuration folder unless told otherwise. Values out of range read as defaults.
/// GUI thread, but for simulation().
class Settings {
public:
    Settings();
    explicit Settings(const QString& file);

    ThemeMode theme() const;
    void setTheme(ThemeMode mode);
    double fontScale() const;  ///< 0.7 to 2
    void setFontScale(double scale);

    QString device() const;  ///< its id; empty: the best there is
    void setDevice(const QString& id);
    Profile profile() const;  ///< Auto at first
    void setProfile(Profile profile);
    fpga::SimulationSettings simulation() const;  ///< what a simulated board assumes; may be called from any thread
    void setSimulation(const fpga::SimulationSettings& simulation);
    QString model() const;             ///< the path last open; empty at first
    QStringList recentModels() const;  ///< newest first, `model()` included
    void addRecentModel(const QString& path);
    void clearRecentModels();
    std::int64_t conversation() const;  ///< the one last open; 0: none
    void setConversation(std::int64_t id);

    QString chatTemplate(const QString& modelHash) const;  ///< the user's own for this model, as text; empty: none
    void setChatTemplate(const QString& modelHash, const QString& text);

    std::int64_t traceMemory() const;  ///< bytes that the inspection views' traces may take; 1 GiB at first
    void setTraceMemory(std::int64_t bytes);
    bool spillsTraces() const;  ///< what does not fit goes to the disk; at first it is dropped
    void setSpillsTraces(bool spills);
    QByteArray pins(const QString& shape) const;  ///< of the inspection of models of this shape, as Pins writes them
    void setPins(const QString& shape, const QByteArray& pins);

    bool recordsTexts() const;  ///< runs keep prompts, answers and token ids; at first they do
    void setRecordsTexts(bool records);
    QStringList sqlHistory() const;  ///< newest first
    void setSqlHistory(const QStringList& questions);

    QByteArray windowGeometry() const;
    QByteArray windowState() const;
    void setWindow(const QByteArray& geometry, const QByteArray& state);
    QByteArray compareGeometry() const;  ///< of the Compare window
    void setCompareGeometry(const QByteArray& geometry);
    QStringList layouts() const;
    QByteArray layout(const QString& name) const;
    void saveLayout(const QString& name, const QByteArray& state);
    void removeLayout(const QString& name);

private:
    mutable QSettings store_;
    mutable std::mutex simulationMutex_;
    fpga::SimulationSettings simulation_;  // as it is in store_
};

}  // namespace ternion::app
