// Turns the simulated board on and off: the open model and its conversation move there, and back to where they were.
#pragma once

#include <QObject>
#include <QString>

#include "link/simulation_settings.h"

namespace ternion {
struct Error;
}

namespace ternion::app {

class EngineClient;
class Settings;

/// Follows the engine, so that it is right also where the device is chosen elsewhere. GUI thread; both references outlive it.
class BoardSwitch : public QObject {
    Q_OBJECT

public:
    enum class State {
        Unavailable,  ///< reason() says why
        Off,
        Starting,
        On,
        Lost,  ///< it failed while the model was on it: its process has gone, or it computes no more
    };

    BoardSwitch(EngineClient& engine, Settings& settings, QObject* parent = nullptr);

    State state() const;
    QString reason() const;
    /// The device that stop() goes back to, for the user; empty where that is the best there is.
    QString otherDevice() const;
    /// What the board that runs was started with.
    const fpga::SimulationSettings& runningWith() const { return runningWith_; }

    void toggle();
    void start();  ///< again, where it runs or is lost: with the settings of now, and the conversation in it
    void stop();

signals:
    void changed();
    void lost(const QString& why);  ///< in an answer, which has ended there

private:
    void onDeviceChanged();

    EngineClient& engine_;
    Settings& settings_;
    QString otherDevice_;  // its id
    fpga::SimulationSettings runningWith_;
    bool starting_ = false;
    bool lost_ = false;
};

}  // namespace ternion::app
