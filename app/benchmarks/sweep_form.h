// What a sweep goes through, as the user ticks it.
#pragma once

#include <QWidget>
#include <optional>
#include <vector>

#include "runs/sweep.h"

class QCheckBox;
class QDoubleSpinBox;
class QLabel;
class QLineEdit;
class QSpinBox;

namespace ternion::app {

/// GUI thread.
class SweepForm : public QWidget {
    Q_OBJECT

public:
    SweepForm(const std::vector<DeviceInfo>& devices, QWidget* parent = nullptr);

    /// The open model's name; empty: none is open, and it cannot be ticked.
    void setOpenModel(const QString& name);
    /// nullopt while something is missing; `trouble()` says what.
    std::optional<SweepPlan> plan() const;
    QString trouble() const;
    /// Ticks the three published shapes, on the devices that are ticked.
    void choosePublishedShapes();

signals:
    void changed();

private:
    QWidget* ticks(const QString& name, const std::vector<std::pair<QString, QString>>& choices,
                   std::vector<QCheckBox*>& boxes);

    std::vector<QCheckBox*> models_, backends_, packings_;
    QLineEdit* prompts_;
    QSpinBox* tokens_;
    QSpinBox* repeats_;
    QCheckBox* kernels_;
    QCheckBox* energy_;
    QDoubleSpinBox* energySeconds_;
};

}  // namespace ternion::app
