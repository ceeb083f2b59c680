// A speed in large type, with what it is and where it comes from.
#pragma once

#include <QFrame>

#include "measure/source.h"

class QLabel;

namespace ternion::app {

/// Framed; hatched along its edge where the speed is not a measurement.
class SpeedBox : public QFrame {
    Q_OBJECT

public:
    SpeedBox(const QString& name, const QString& title, QWidget* parent = nullptr);
    void show(const QString& speed, const QString& note, Source source);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QLabel* speed_;
    QLabel* tag_;
    QLabel* note_;
    Source source_ = Source::Measured;
};

}  // namespace ternion::app
