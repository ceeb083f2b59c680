// One pin: its title, and its curve, value or lens.
#pragma once

#include <QWidget>

#include "inspect/hidden/lens_reader.h"
#include "inspect/pins/pins.h"

class QLabel;

namespace ternion::app {

class LensCard;
class PlotView;

/// Takes the keyboard focus; a click anywhere gives it. GUI thread.
class PinCard : public QWidget {
    Q_OBJECT

public:
    PinCard(const Pin& pin, Inspector& inspector, const LensReader& lens);

    static constexpr QSize extent{288, 184};
    const Pin& pin() const { return pin_; }
    void refresh();

signals:
    void removeAsked();
    void tokenChosen(int token);

protected:
    void mousePressEvent(QMouseEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    void refreshCurve();
    void refreshValue();

    Pin pin_;
    Inspector& inspector_;
    const LensReader& lens_;
    PlotView* curve_ = nullptr;
    QLabel* value_ = nullptr;
    LensCard* cell_ = nullptr;
    TraceSeries shown_;
};

}  // namespace ternion::app
