// What the simulated board assumes, as a form.
#pragma once

#include <QWidget>

#include "link/simulation_settings.h"

class QLabel;
class QSpinBox;

namespace ternion::app {

/// Bytes that memory gives in a second, at most: words of the accelerator's width at `settings.rate` and the clock.
double assumedBandwidth(const fpga::SimulationSettings& settings);

class SimulationForm : public QWidget {
    Q_OBJECT

public:
    explicit SimulationForm(const fpga::SimulationSettings& settings, QWidget* parent = nullptr);
    const fpga::SimulationSettings& settings() const { return settings_; }

signals:
    void changed();

private:
    void read();
    void showBandwidth();

    fpga::SimulationSettings settings_;
    QSpinBox* clock_;
    QSpinBox* memory_;
    QSpinBox* latency_;
    QSpinBox* rate_;
    QLabel* bandwidth_;
};

}  // namespace ternion::app
