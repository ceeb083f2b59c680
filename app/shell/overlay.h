// A frame over the window for a moment's use: nothing modal, Escape or a click elsewhere closes it.
#pragma once

#include <QFrame>
#include <QPointer>

namespace ternion::app {

/// Child of the window it lies over, centred near its top. The keyboard goes to it while it is open and back afterwards.
class Overlay : public QFrame {
    Q_OBJECT

public:
    /// `preferred` is its size where the window has the room.
    Overlay(QWidget* window, const QSize& preferred);

    void dismiss();

protected:
    void popUp(QWidget* focus);
    bool eventFilter(QObject* watched, QEvent* event) override;
    bool event(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void place();
    void followFocus(QWidget* now);

    QSize preferred_;
    QPointer<QWidget> focusBefore_;
};

}  // namespace ternion::app
